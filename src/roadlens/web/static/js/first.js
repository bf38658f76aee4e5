// Runs before anything is painted: the chosen theme, so that a dark page does not begin with a white flash.
try {
  const chosen = localStorage.getItem("roadlens.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the system's theme it is.
}
