// Elements out of words and attributes. Text is set as text, always: no HTML of anybody is ever read, so that a page may forbid it.

type Child = Node | string
type Attributes = Readonly<Record<string, string>>

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Only the catalogue's own text is searched for `{gaps}`: what fills them is never read again, whatever it holds. */
export function fill(template: string, parts: Readonly<Record<string, Child>>): Child[] {
  return template.split(/(\{\w+\})/).map((piece) => {
    const name = /^\{(\w+)\}$/.exec(piece)?.[1]
    return (name !== undefined && parts[name]) || piece
  })
}

/** Left to right in every script, and apart from the text around it, so that nothing in an address can turn the sentence about. */
export function address(text: string): HTMLElement {
  return h('bdi', { dir: 'ltr', part: 'address' }, text)
}

/** Shown only with something in it. */
export function say(element: HTMLElement, ...children: Child[]): void {
  element.replaceChildren(...children)
  element.hidden = children.length === 0
}
