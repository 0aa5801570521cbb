// Whether the mail server can be used, for whoever watches over this process. It is asked by a login of our own. The mails would tell
// it as well, but some of them only seem to be sent: the first one that fails would say to the stranger who asked for it, and looks
// here, that its address is known.
import type { Ms } from '../core/model.ts'
import type { MailTransport } from '../mail/transport.ts'
import type { Log } from './context.ts'

/** However often somebody asks, the mail server hears of it once a minute. */
const LOOK_AGAIN_MS = 60_000

/** Answers at once, with what the last look has shown: since when it cannot be used; null: it can, or nobody knows yet. */
export function watchMail(transport: MailTransport, log: Log, now: () => Ms): () => Ms | null {
  let unusableSince: Ms | null = null
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking = false

  const look = async (): Promise<void> => {
    try {
      await transport.verify()
      if (unusableSince !== null) log.event('mail_server_usable', { ms: now() - unusableSince })
      unusableSince = null
    } catch (error) {
      if (unusableSince === null) log.error('mail_server_unusable', error)
      unusableSince ??= now()
    } finally {
      looking = false
    }
  }

  return () => {
    // A clock that was set back must not put the next look off.
    if (!looking && Math.abs(now() - lookedAt) >= LOOK_AGAIN_MS) {
      looking = true
      lookedAt = now()
      void look()
    }
    return unusableSince
  }
}
