// The sign-in that was asked for in this tab. Phones drop the page while its person is in the mail program: so it is kept for the tab, and
// with it nothing that lets anybody in. A challenge is good only with the cookie of the browser that asked, which no script can read.

export interface Pending {
  readonly challenge: string
  /** As typed. */
  readonly email: string
  /** Where the sign-in was to lead; null: nothing was asked for. */
  readonly returnTo: string | null
  readonly methods: readonly ('link' | 'code')[]
  readonly codeLength: number
  /** All three by this machine's clock. */
  readonly askedAt: number
  /** When the newest mail's link and code have run out. */
  readonly expiresAt: number
  /** When another mail can be asked for. */
  readonly resendAt: number
}

export interface PendingStore {
  get(): Pending | null
  set(pending: Pending | null): void
}

/** A new mail can be had for long after the last one ran out; who comes back later than this starts again. */
const KEPT_MS = 3_600_000

export function openPending(name: string): PendingStore {
  const storage = tabStorage()
  let pending = read(storage, name)
  return {
    get: () => pending,
    set: (next) => {
      pending = next
      try {
        if (next === null) storage?.removeItem(name)
        else storage?.setItem(name, JSON.stringify(next))
      } catch {
        // Full, or switched off meanwhile: then it lives as long as the page.
      }
    },
  }
}

/** On a server there is no tab, and what one person asked for must not be another's. */
function tabStorage(): Storage | null {
  try {
    return typeof document === 'undefined' ? null : sessionStorage
  } catch {
    return null
  }
}

function read(storage: Storage | null, name: string): Pending | null {
  try {
    const kept = JSON.parse(storage?.getItem(name) ?? 'null') as Pending | null
    const whole = kept !== null && typeof kept.challenge === 'string' && typeof kept.email === 'string' && Array.isArray(kept.methods)
    return whole && kept.expiresAt + KEPT_MS > Date.now() ? kept : null
  } catch {
    return null
  }
}
