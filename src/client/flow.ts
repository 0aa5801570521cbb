// The steps of a sign-in form, without any look: what the web component and the React hook show. It asks one thing at a time, keeps the
// wait for the link going, and turns each failure into the step from which the person can go on.
import type { Client } from './client.ts'
import type { Failure } from './failure.ts'
import type { Pending } from './pending.ts'
import type { Session, User } from './who.ts'

export type Act = 'start' | 'verify' | 'resend' | 'sign_out'

interface Common {
  /** What is under way; a second act has to wait for it. */
  readonly busy: Act | null
  /** The answer to the last act, or that the sign-in ran out. */
  readonly failure: Failure | null
}

/** Nobody knows yet: the server is being asked. */
interface Looking extends Common {
  readonly step: 'looking'
}

interface Ask extends Common {
  readonly step: 'ask'
  /** To begin with in the field. */
  readonly email: string
  /** The person wants another address, and may come back to the mail that is out. */
  readonly canGoBack: boolean
  /** The person has just signed out here. */
  readonly signedOut: boolean
}

interface Check extends Common {
  readonly step: 'check'
  readonly pending: Pending
  /** The mail has a code that may still be typed. */
  readonly takesCode: boolean
  /** A further mail was just asked for. */
  readonly resent: boolean
}

interface SignedInStep extends Common {
  readonly step: 'signed_in'
  readonly user: User
  readonly session: Session
  /** It happened just now; false: the person was signed in when the page came. */
  readonly arrived: boolean
  /** Where it was to lead, as the server allows it; null: nothing was asked for. */
  readonly returnTo: string | null
}

export type FlowState = Looking | Ask | Check | SignedInStep

export interface FlowActs {
  start(email: string, more?: { readonly returnTo?: string | undefined; readonly locale?: string | undefined }): Promise<void>
  verify(code: string): Promise<void>
  resend(): Promise<void>
  /** Asks for the address again; `back` undoes it. */
  otherAddress(): void
  back(): void
  signOut(): Promise<void>
}

export interface Flow {
  state(): FlowState
  readonly acts: FlowActs
  /** While somebody listens, it looks and waits. Returns how to stop. */
  subscribe(listener: () => void): () => void
}

export const looking: FlowState = { step: 'looking', busy: null, failure: null }

/** After these the sign-in that was asked for leads nowhere. */
const over: readonly Failure['nextStep'][] = ['start_again', 'sign_in', 'where_started']
/** After these no code of the newest mail can work: the field would be a trap. */
const codeIsOver: readonly Failure['nextStep'][] = ['new_mail', 'use_link', 'contact', 'recover']

export function createFlow(client: Client): Flow {
  const listeners = new Set<() => void>()
  let state = looking
  let waiting: AbortController | null = null
  let unhear: (() => void) | null = null

  const set = (next: FlowState): void => {
    state = next
    for (const listener of listeners) listener()
  }

  const asking = (more: Partial<Omit<Ask, 'step'>> = {}): void =>
    set({ step: 'ask', busy: null, failure: null, email: '', canGoBack: false, signedOut: false, ...more })

  const checking = (pending: Pending, more: Partial<Omit<Check, 'step'>> = {}): void => {
    const takesCode = pending.methods.includes('code')
    set({ step: 'check', busy: null, failure: null, pending, takesCode, resent: false, ...more })
    void wait()
  }

  const signedIn = (who: { readonly user: User; readonly session: Session }, arrived: boolean, returnTo: string | null): void => {
    stopWaiting()
    client.forget()
    // Told twice: by the answer to the code, and by the wait that heard of it.
    if (state.step === 'signed_in' && state.session.id === who.session.id) return
    set({ step: 'signed_in', busy: null, failure: null, user: who.user, session: who.session, arrived, returnTo })
  }

  /** For the link in another tab. */
  const wait = async (): Promise<void> => {
    if (waiting !== null || listeners.size === 0) return
    const own = new AbortController()
    waiting = own
    const returnTo = client.pending?.returnTo ?? null
    const result = await client.poll({ signal: own.signal })
    if (waiting !== own) return
    waiting = null
    if (result.ok) signedIn(result, true, returnTo)
    else if (result.reason === 'timed_out' && state.step === 'check') set({ ...state, failure: result, takesCode: false, resent: false })
  }
  const stopWaiting = (): void => {
    waiting?.abort()
    waiting = null
  }

  /** At the beginning, and after nobody listened for a while. In the middle of a sign-in the wait looks. */
  const look = async (): Promise<void> => {
    const current = await client.session()
    const { pending } = client
    if (current.ok) {
      if (state.step !== 'check') signedIn(current, false, null)
    } else if (state.step === 'looking') {
      if (pending === null) asking()
      else checking(pending)
    } else if (state.step === 'signed_in' && current.reason.startsWith('session_')) asking()
  }

  const refused = async (failure: Failure): Promise<void> => {
    // "Done already" may well mean by the link, in this browser.
    if (failure.nextStep === 'sign_in') {
      const current = await client.session()
      if (current.ok) return signedIn(current, true, client.pending?.returnTo ?? null)
    }
    if (over.includes(failure.nextStep) && state.step !== 'ask') {
      const email = client.pending?.email ?? ''
      client.forget()
      stopWaiting()
      return asking({ email, failure })
    }
    const pending = client.pending
    if (state.step === 'check' && pending !== null) {
      const takesCode = state.takesCode && !codeIsOver.includes(failure.nextStep)
      return checking(pending, { failure, takesCode })
    }
    set({ ...state, busy: null, failure })
  }

  /** One at a time: Enter, the button and the last digit within one moment are one request. */
  const act = async <T extends { readonly ok: true }>(
    busy: Act,
    run: () => Promise<T | Failure>,
    done: (result: T) => void,
  ): Promise<void> => {
    if (state.busy !== null) return
    set({ ...state, busy, failure: null })
    const result = await run()
    if (result.ok) done(result)
    else await refused(result)
  }

  /** Unless somebody signed in meanwhile, in another tab. */
  const begun = (): void => {
    if (client.pending !== null && state.step !== 'signed_in') checking(client.pending)
  }

  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      if (listeners.size === 1) {
        // What went wrong before the form was put away is no news in a new one.
        if (state.failure !== null) state = { ...state, failure: null }
        unhear = client.onChange((who) => {
          if (who === null && state.step === 'signed_in') asking({ signedOut: state.busy === 'sign_out' })
          if (who !== null && state.step !== 'check') signedIn(who, state.step !== 'looking', null)
        })
        void look()
        if (state.step === 'check') void wait()
      }
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        unhear?.()
        stopWaiting()
      }
    },
    acts: {
      start: (email, more = {}) => act('start', () => client.start({ email, ...more }), begun),
      verify: (code) => {
        const returnTo = client.pending?.returnTo ?? null
        return act(
          'verify',
          () => client.verify({ code }),
          (result) => signedIn(result, true, returnTo),
        )
      },
      resend: () =>
        act(
          'resend',
          () => client.resend(),
          () => {
            if (client.pending !== null) checking(client.pending, { resent: true })
          },
        ),
      otherAddress: () => {
        if (state.busy === null) asking({ email: client.pending?.email ?? '', canGoBack: client.pending !== null })
      },
      back: begun,
      signOut: () =>
        act(
          'sign_out',
          () => client.signOut(),
          () => asking({ signedOut: true }),
        ),
    },
  }
}
