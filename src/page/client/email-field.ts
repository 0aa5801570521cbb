// The address field: what a paste drags along is taken off, and a slip in a well-known domain is pointed out, never corrected.
import { likelyAddress, tidied } from '../../core/typed-address.ts'
import { one } from './find.ts'

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
