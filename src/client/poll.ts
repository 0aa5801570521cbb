// Waiting for a sign-in that happens elsewhere in this browser: the link in another tab.
import { type Failure, failureOf } from './failure.ts'
import { isSeen } from './tabs.ts'
import type { Current, Who } from './who.ts'

/** A person needs longer than this to get to the mail and back. */
const FIRST_MS = 2_000
const LONGEST_MS = 10_000

interface Given {
  session(): Promise<Current | Failure>
  onChange(listener: (who: Who | null) => void): () => void
  isNew(who: Who): boolean
  readonly askedAt: number
  /** Moves on with every further mail; null: the sign-in was forgotten. */
  expiresAt(): number | null
  readonly signal: AbortSignal | undefined
}

export function pollUntil({ session, onChange, isNew, askedAt, expiresAt, signal }: Given): Promise<Current | Failure> {
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let wait = FIRST_MS
    let over = false
    const finish = (result: Current | Failure): void => {
      over = true
      clearTimeout(timer)
      stop()
      signal?.removeEventListener('abort', abort)
      resolve(result)
    }
    const abort = (): void => finish(failureOf('aborted'))
    // The other ways of hearing of it: this client's own verify, another tab, the person's return to this one.
    const stop = onChange((who) => {
      if (!over && who !== null && isNew(who)) finish({ ok: true, ...who })
    })
    const look = async (): Promise<void> => {
      const end = expiresAt()
      const left = (end ?? 0) - Date.now()
      const current = end !== null && left > 0 && !isSeen() ? null : await session()
      if (over) return
      if (current?.ok && isNew(current)) return finish(current)
      if (end === null) return abort()
      if (left <= 0) return finish(failureOf('timed_out'))
      const told = current?.ok === false ? (current.retryAt ?? 0) - Date.now() : 0
      timer = setTimeout(() => void look(), Math.max(told, Math.min(wait, left)))
      wait = Math.min(wait * 1.5, LONGEST_MS)
    }
    signal?.addEventListener('abort', abort)
    if (signal?.aborted) return abort()
    // At once where the page comes back from having been dropped.
    timer = setTimeout(() => void look(), askedAt + FIRST_MS - Date.now())
  })
}
