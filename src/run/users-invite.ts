// `postkey users invite`: an account, and the mail that lets its person in. The mail is queued, and a server that runs sends it.
import { reasons } from '../core/reason.ts'
import { invite } from '../flow/invite.ts'
import { keyring } from '../secret.ts'
import { wordsFor } from '../words/words.ts'
import type { ExitCode, Request } from './command.ts'
import { INVALID } from './users-act.ts'
import { careOf } from './users-care.ts'
import { plainUser } from './users-list.ts'
import { withWriting } from './writing.ts'

const NAME = 'users invite'
/** This process sends nothing. */
const noHand = { reserve: () => null, take: () => {}, wake: () => {} }

export async function inviteOne(request: Request): Promise<ExitCode> {
  const { terminal, json, flags, words } = request
  return await withWriting(request, NAME, 'webhooks', async (store, config) => {
    const care = await careOf(request, store, config)
    // Where a sign-in leads is for the server to say.
    const nowhere = { origin: '', returnBelow: '', returnOrigins: [], defaultReturn: '' }
    const inviting = { ...care, ...nowhere, keys: keyring(config.secrets), hand: noHand, tell: () => {} }
    const { email, externalId, locale } = { email: words[1] ?? '', externalId: flags['externalId'], locale: flags['locale'] }
    const invited = await invite({ ...inviting, rulesOf: () => inviting }, { email, externalId, locale })
    const { ok, user, requestId } = invited
    if (json) {
      const plain = { user: user && plainUser(user), requestId }
      terminal.out(
        JSON.stringify(
          ok ? { ok, ...plain, expiresAt: new Date(invited.expiresAt).toISOString() } : { ok, reason: invited.reason, ...plain },
        ),
      )
    } else if (ok) {
      terminal.out(
        `${user.email} is user ${user.id}. A mail is queued; its link is good until ${wordsFor('en').clock(invited.expiresAt, care.now())}. [${requestId}]`,
      )
    } else {
      const { reason } = invited
      const why = reason in INVALID ? INVALID[reason as keyof typeof INVALID] : reasons[reason as keyof typeof reasons].meaning
      terminal.err(`postkey ${NAME}: ${why}${requestId === null ? '' : ` [${requestId}]`}`)
    }
    if (ok) return 0
    return invited.reason in INVALID ? 2 : 1
  })
}
