// The door "postkey/client/element": <postkey-sign-in>, a whole sign-in form that any page can hold.
//
//   <postkey-sign-in base-path="/auth" return-to="/notes"></postkey-sign-in>
//   <script type="module">import 'postkey/client/element'</script>
import { askView } from './ask.ts'
import { checkView } from './check.ts'
import { type Client, createClient } from './client.ts'
import { h } from './dom.ts'
import { createFlow, type FlowState, looking } from './flow.ts'
import { dress } from './look.ts'
import { openProblem } from './problem.ts'
import { signedInView } from './signed-in.ts'
import type { Stage, View } from './view.ts'
import { english, type Words } from './words.ts'

export type { Words } from './words.ts'

/** On a server there are no elements; importing this file there does nothing. */
const Base = typeof HTMLElement === 'undefined' ? (class {} as unknown as typeof HTMLElement) : HTMLElement

/**
 * Attributes: `base-path`, `tenant` (as of `createClient`), `return-to` (where a sign-in leads; without it the page stays), `autofocus`.
 * Properties, set before it stands in the page or right after: `client`, in place of one of its own; `words`.
 * Slots: `ask-heading`, `ask-intro`, `check-heading`, `check-help`, `signed-in`.
 * Events: `signed-in` with `{ user, session, returnTo }`, whose default is to go to `return-to`; `signed-out`; `failed` with the failure.
 */
export class PostkeySignIn extends Base {
  // Only declared: a field would write over what a page set before this file had come.
  declare client: Client | undefined
  declare words: Partial<Words> | undefined

  // In a moment: by then the page has set the properties of an element it just made, and one that is only moved is in its new place.
  connectedCallback(): void {
    queueMicrotask(() => follow(this))
  }
  disconnectedCallback(): void {
    queueMicrotask(() => follow(this))
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'postkey-sign-in': PostkeySignIn
  }
}

if (typeof customElements !== 'undefined' && customElements.get('postkey-sign-in') === undefined)
  customElements.define('postkey-sign-in', PostkeySignIn)

const shown = new WeakMap<PostkeySignIn, () => void>()

function follow(host: PostkeySignIn): void {
  const stop = shown.get(host)
  if (host.isConnected && stop === undefined) shown.set(host, show(host))
  if (host.isConnected || stop === undefined) return
  stop()
  shown.delete(host)
}

function show(host: PostkeySignIn): () => void {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  dress(root)
  const words: Words = { ...english, ...host.words }
  const attribute = (name: string): string | undefined => host.getAttribute(name) ?? undefined
  const flow = createFlow(host.client ?? createClient({ basePath: attribute('base-path'), tenant: attribute('tenant') }))
  const status = h('p', { role: 'status', class: 'unseen', part: 'status' })
  const announce = (text: string): void => {
    status.textContent = text
  }
  const problem = openProblem(words)
  const place = h('div', { part: 'step' })
  root.replaceChildren(status, problem.root, place)

  const stage: Stage = {
    words,
    acts: flow.acts,
    announce,
    asked: () => ({ returnTo: attribute('return-to'), locale: host.closest<HTMLElement>('[lang]')?.lang }),
  }
  let before: FlowState = looking
  let view: View | null = null
  const draw = (): void => {
    const state = flow.state()
    const hadFocus = root.activeElement !== null
    const isNew = state.step !== before.step
    if (isNew) {
      view?.stop()
      view = viewOf(stage, state)
      place.replaceChildren(...(view === null ? [] : [view.root]))
    }
    view?.show(state)
    if (state.failure !== before.failure) problem.show(state.failure, view?.field ?? null)
    const refused = state.failure !== null && state.failure !== before.failure
    // Where the person acted; never to a form that they are not at.
    const acted = before.busy !== null || hadFocus
    if (refused && acted) problem.root.focus()
    else if (isNew && (before.step === 'looking' ? host.hasAttribute('autofocus') : acted)) view?.focus()
    if (isNew || (isResent(state) && !isResent(before))) announce(newsOf(words, state))
    const was = before
    before = state
    tell(host, was, state)
  }
  const unsubscribe = flow.subscribe(draw)
  return () => {
    unsubscribe()
    view?.stop()
  }
}

/** Each view is told the states of its own step only. */
function viewOf(stage: Stage, state: FlowState): View | null {
  if (state.step === 'ask') return askView(stage, state)
  if (state.step === 'check') return checkView(stage, state)
  return state.step === 'signed_in' ? signedInView(stage) : null
}

const isResent = (state: FlowState): boolean => state.step === 'check' && state.resent

/** For those who do not see the step change. */
function newsOf(words: Words, state: FlowState): string {
  if (state.step === 'check') return state.resent ? words.resent : words.onItsWay.replace('{address}', state.pending.email)
  if (state.step === 'signed_in') return words.signedInHeading
  return state.step === 'ask' && state.signedOut ? words.signedOut : ''
}

function tell(host: HTMLElement, was: FlowState, state: FlowState): void {
  const send = (name: string, detail: unknown): boolean =>
    host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }))
  if (state.failure !== null && state.failure !== was.failure) send('failed', state.failure)
  if (was.step === 'signed_in' && state.step === 'ask') send('signed-out', null)
  if (state.step !== 'signed_in' || was.step === 'signed_in' || !state.arrived) return
  const { user, session, returnTo } = state
  // The server took it when the mail was asked for; still, nothing but a place on the web is ever gone to.
  if (send('signed-in', { user, session, returnTo }) && returnTo !== null && /^https?:$/.test(new URL(returnTo, location.href).protocol))
    location.assign(returnTo)
}
