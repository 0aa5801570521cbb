// Finding elements by the data attributes that the views wrote.

export function one<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T | null {
  return within.querySelector<T>(selector)
}

export function all<T extends Element = HTMLElement>(selector: string): T[] {
  return [...document.querySelectorAll<T>(selector)]
}

/** Puts text into the page's live region: it existed before, so that screen readers announce the change. */
export function announce(text: string): void {
  const status = one('[data-status]')
  if (status !== null) status.textContent = text
}
