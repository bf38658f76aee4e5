// Makes elements. Whatever is shown is text: nothing here or elsewhere in the dashboard parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("a", { href, onclick }, "text", child, …)`. Attributes that are null, undefined or false are left
 * out, `true` is an empty one, `on…` is a listener, `style` an object of properties. Children may be nested arrays;
 * null, undefined and false are left out.
 */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Put these in place of all that the node holds. */
export function replace(node, ...children) {
  node.replaceChildren(...listed(children));
  return node;
}

/** Put these in place of what the node holds, but leave alone whatever is there already and looks the same. */
export function settle(node, ...children) {
  const wanted = listed(children).map((child) => (child instanceof Node ? child : document.createTextNode(child)));
  wanted.forEach((child, index) => {
    const there = node.childNodes[index];
    if (there === undefined) node.append(child);
    else if (there !== child && !there.isEqualNode(child)) there.replaceWith(child);
  });
  while (node.childNodes.length > wanted.length) node.lastChild.remove();
  return node;
}

/** Let the node say this text; it is only touched if it says another. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A number that names an element once in this page, for labels and descriptions. */
export function unique(prefix) {
  unique.last = (unique.last ?? 0) + 1;
  return `${prefix}-${unique.last}`;
}

/** Read by screen readers, without anything that is seen. */
export function announce(text) {
  document.getElementById("said").textContent = text;
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, set] of Object.entries(value)) element.style.setProperty(key, set);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...listed(children));
  return element;
}

function listed(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
