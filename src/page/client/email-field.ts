// The address field: what a paste drags along is taken off, and a slip in a well-known domain is pointed out, never corrected.
import { one } from './find.ts'

const COMMON = ['gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'yahoo.com', 'icloud.com', 'proton.me', 'protonmail.com']
/** One letter from a common one, and real. */
const REAL = ['mail.com', 'email.com', 'ymail.com']

/** Longer than the gap between two keys of a slow typist: "gmail.co" is on the way to "gmail.com". */
const PAUSE_MS = 900

export function tidyEmail(): void {
  const field = one<HTMLInputElement>('[data-email]')
  if (field === null) return
  field.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text') ?? ''
    const tidy = tidied(pasted)
    if (tidy === pasted || !tidy.includes('@')) return
    event.preventDefault()
    // Fields of type "email" tell no caret: the address replaces what was there.
    field.value = tidy
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

function hintTypos(field: HTMLInputElement): void {
  const button = one<HTMLButtonElement>('[data-typo] button')
  const slot = one('bdi', button ?? document)
  if (button === null || slot === null) return
  const look = (): void => {
    const likely = likelyAddress(field.value.trim())
    slot.textContent = likely ?? ''
    button.hidden = likely === null
  }
  // After a pause in typing, not on leaving the field: then the hint would push the submit button away from under the finger.
  let pause: ReturnType<typeof setTimeout> | undefined
  field.addEventListener('input', () => {
    clearTimeout(pause)
    button.hidden = true
    pause = setTimeout(look, PAUSE_MS)
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
  if (at < 1 || [...COMMON, ...REAL].includes(domain)) return null
  const likely = COMMON.find((known) => oneSlip(domain, known))
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
