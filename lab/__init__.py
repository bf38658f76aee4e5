"""The laboratory: attacks a running Roadlens and proves from a record of what clients saw that it kept its promises."""
