// The first step: which address?
import { likelyAddress, tidied } from '../core/typed-address.ts'
import { address, fill, h, say } from './dom.ts'
import { field } from './field.ts'
import type { Stage, StateOf, View } from './view.ts'

/** Longer than the gap between two keys of a slow typist: "gmail.co" is on the way to "gmail.com". */
const PAUSE_MS = 900

export function askView({ words, acts, asked }: Stage, first: StateOf<'ask'>): View<StateOf<'ask'>> {
  const email = field('email', words.email, null, { type: 'email', inputmode: 'email', autocomplete: 'email' })
  const { input } = email
  input.value = first.email
  const typo = h('button', { type: 'button', class: 'quiet', part: 'button-quiet', hidden: '' })
  email.root.append(h('p', { class: 'hint', role: 'status' }, typo))
  const form = h('form', { part: 'form' }, email.root, h('button', { type: 'submit', part: 'button' }, words.send))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const { returnTo, locale } = asked()
    void acts.start(input.value, { returnTo, locale })
  })

  input.addEventListener('paste', (event) => {
    const pasted = event.clipboardData?.getData('text') ?? ''
    const tidy = tidied(pasted)
    if (tidy === pasted || !tidy.includes('@')) return
    event.preventDefault()
    // Fields of type "email" tell no caret: the address replaces what was there.
    input.value = tidy
    input.dispatchEvent(new Event('input', { bubbles: true }))
  })
  let likely: string | null = null
  let pause: ReturnType<typeof setTimeout> | undefined
  // After a pause in typing, not on leaving the field: then the hint would push the button away from under the finger.
  input.addEventListener('input', () => {
    clearTimeout(pause)
    say(typo)
    pause = setTimeout(() => {
      likely = likelyAddress(input.value.trim())
      if (likely !== null) say(typo, ...fill(words.typo, { address: address(likely) }))
    }, PAUSE_MS)
  })
  typo.addEventListener('click', () => {
    input.value = likely ?? input.value
    say(typo)
    input.focus()
  })

  const back = h('button', { type: 'button', class: 'quiet', part: 'button-quiet', hidden: '' }, words.back)
  back.addEventListener('click', () => acts.back())
  const notice = h('p', { class: 'notice', part: 'notice', hidden: '' }, words.signedOut)
  return {
    root: h(
      'div',
      {},
      notice,
      h('slot', { name: 'ask-heading' }, h('h2', { part: 'heading' }, words.askHeading)),
      h('slot', { name: 'ask-intro' }, h('p', { part: 'intro' }, words.askIntro)),
      form,
      back,
    ),
    field: email,
    show: (state) => {
      form.setAttribute('aria-busy', String(state.busy === 'start'))
      notice.hidden = !state.signedOut
      back.hidden = !state.canGoBack
    },
    focus: email.focus,
    stop: () => clearTimeout(pause),
  }
}
