// The last step. An application that has something better to show puts it into the slot, or goes on at the event.
import { address, fill, h } from './dom.ts'
import type { Stage, StateOf, View } from './view.ts'

export function signedInView({ words, acts }: Stage): View<StateOf<'signed_in'>> {
  const as = h('p', { part: 'intro' })
  const out = h('button', { type: 'button', class: 'plain', part: 'button-plain sign-out' }, words.signOut)
  out.addEventListener('click', () => void acts.signOut())
  return {
    root: h('div', {}, h('slot', { name: 'signed-in' }, h('h2', { part: 'heading' }, words.signedInHeading), as), out),
    field: null,
    show: (state) => {
      as.replaceChildren(...fill(words.signedInAs, { address: address(state.user.email) }))
      out.setAttribute('aria-busy', String(state.busy === 'sign_out'))
    },
    focus: () => out.focus(),
    stop: () => {},
  }
}
