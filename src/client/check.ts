// The second step: a mail is on its way, perhaps. The code is typed here, or the link is opened in this browser, and the wait hears of it.
import { readCode } from '../core/code.ts'
import { countDown } from './countdown.ts'
import { address, fill, h, say } from './dom.ts'
import { field } from './field.ts'
import type { Stage, StateOf, View } from './view.ts'

export function checkView({ words, acts, announce }: Stage, { pending }: StateOf<'check'>): View<StateOf<'check'>> {
  const digits = pending.codeLength
  const code = field('code', words.codeLabel.replace('{digits}', String(digits)), words.codeHint, {
    type: 'text',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    class: 'code',
  })
  const { input } = code
  const form = h('form', { part: 'form' }, code.root, h('button', { type: 'submit', part: 'button' }, words.submit))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    sent = readCode(input.value, digits) ?? sent
    void acts.verify(input.value)
  })
  // Once for each code: after a "no" the same value waits for the person.
  let sent: string | null = null
  input.addEventListener('input', () => {
    const typed = readCode(input.value, digits)
    if (typed !== null && typed !== sent) form.requestSubmit()
  })

  const byCode = pending.methods.includes('code')
  const lead = h('p', { part: 'intro' }, ...fill(words.onItsWay, { address: address(pending.email) }), byCode ? '' : ` ${words.useLink}`)
  const notice = h('p', { class: 'notice', part: 'notice', hidden: '' })
  const until = h('p', { class: 'hint', part: 'hint' })
  const noCode = h('li', {}, words.noCode)
  const resend = h('button', { type: 'button', class: 'plain', part: 'button-plain' })
  const wait = countDown(resend, words, () => announce(words.resendReady))
  resend.addEventListener('click', () => {
    if (wait.isOver()) void acts.resend()
  })
  const other = h('button', { type: 'button', class: 'plain', part: 'button-plain' }, words.otherAddress)
  other.addEventListener('click', () => acts.otherAddress())

  return {
    root: h(
      'div',
      {},
      h('slot', { name: 'check-heading' }, h('h2', { part: 'heading' }, words.checkHeading)),
      lead,
      notice,
      form,
      until,
      h(
        'section',
        { part: 'help' },
        h('slot', { name: 'check-help' }, h('h3', { part: 'subheading' }, words.nothing), h('ul', {}, h('li', {}, words.spam), noCode)),
        h('div', { class: 'actions', part: 'actions' }, resend, other),
      ),
    ),
    field: code,
    show: (state) => {
      if (state.resent && notice.hidden) input.value = ''
      say(notice, ...(state.resent ? [words.resent] : []))
      form.hidden = !state.takesCode
      form.setAttribute('aria-busy', String(state.busy === 'verify'))
      noCode.hidden = !state.takesCode || !state.pending.methods.includes('link')
      const { expiresAt, resendAt } = state.pending
      say(until, ...(expiresAt > Date.now() ? fill(words.until, { time: time(expiresAt) }) : []))
      wait.until(resendAt)
    },
    focus: () => (form.hidden ? other : code).focus(),
    stop: wait.stop,
  }
}

function time(at: number): HTMLElement {
  const date = new Date(at)
  return h(
    'time',
    { datetime: date.toISOString() },
    date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  )
}
