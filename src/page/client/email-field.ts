// The address field: what a paste drags along is taken off, and a slip in a well-known domain is pointed out, never corrected.
import { one } from './find.ts'

const KNOWN = ['gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'live.com', 'yahoo.com', 'icloud.com', 'proton.me', 'protonmail.com', 'gmx.de', 'gmx.net', 'web.de', 'aol.com']

export function tidyEmail(): void {
  const field = one<HTMLInputElement>('[data-email]')
  if (field === null) return
  field.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text') ?? ''
    const tidy = tidied(pasted)
    if (tidy === pasted) return
    event.preventDefault()
    field.setRangeText(tidy, ...selection(field), 'end')
    field.dispatchEvent(new Event('input', { bubbles: true }))
  })
  hintTypos(field)
}

/** `Ann <ann@example.com>` and `mailto:ann@example.com?subject=…` become the address; invisible marks go. */
export function tidied(pasted: string): string {
  const text = pasted.replace(/\p{Cf}/gu, '').trim()
  const inner = /<([^<>\s]+@[^<>\s]+)>/.exec(text)?.[1] ?? text
  return inner.replace(/^mailto:([^?]*).*$/i, '$1')
}

/** Fields of type "email" tell no selection; pasting there replaces what was typed, which is the address as a whole. */
function selection(field: HTMLInputElement): [number, number] {
  return [field.selectionStart ?? 0, field.selectionEnd ?? field.value.length]
}

function hintTypos(field: HTMLInputElement): void {
  const button = one<HTMLButtonElement>('[data-typo] button')
  const slot = one('bdi', button ?? document)
  if (button === null || slot === null) return
  const look = (): void => {
    const likely = likelyAddress(field.value.trim())
    slot.textContent = likely ?? ''
    button.hidden = likely === null
  }
  field.addEventListener('change', look)
  field.addEventListener('input', () => {
    if (!button.hidden) look()
  })
  button.addEventListener('click', () => {
    field.value = slot.textContent ?? ''
    button.hidden = true
    field.focus()
  })
}

/** The address with the well-known domain that is one slip away from what was typed, or null. */
export function likelyAddress(typed: string): string | null {
  const at = typed.lastIndexOf('@')
  const domain = typed.slice(at + 1).toLowerCase()
  if (at < 1 || domain.length < 5 || KNOWN.includes(domain)) return null
  const likely = KNOWN.find((known) => oneSlip(domain, known))
  return likely === undefined ? null : typed.slice(0, at + 1) + likely
}

/** One letter too many, too few, or other, or two neighbours swapped. */
function oneSlip(a: string, b: string): boolean {
  let from = 0
  while (from < a.length && a[from] === b[from]) from++
  const restA = a.slice(from)
  const restB = b.slice(from)
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  )
}
