// What a request that is told of by mail has to bring along: the two notices, minted for every request alike.
import { paths } from '../core/paths.ts'
import { toldStart } from '../core/told.ts'
import { digest, mintId, mintSecret } from '../secret.ts'
import type { ChangeMail } from '../store/account-store.ts'
import type { Telling, Told } from '../store/recovery-store.ts'
import type { Asker, Context } from './context.ts'
import { type Minting, withMails } from './mails.ts'
import { addressInEvent, bucketNames } from './sign-in.ts'

export interface Request {
  readonly browser: string
  readonly telling: Omit<Telling, 'tell' | 'tellBackup'>
}

export function requestOf(context: Context, asker: Asker, locale: string | undefined): Request {
  const browser = asker.browser ?? mintSecret()
  const browserDigest = digest('browser', context.tenant, browser)
  return {
    browser,
    telling: {
      browserDigest,
      returnTo: `${context.origin}${context.basePath}${paths.account}`,
      locale: locale ?? 'en',
      device: asker.device,
      network: asker.network,
      buckets: bucketNames(asker, browserDigest),
      addressInEvent: (email) => addressInEvent(context, email),
    },
  }
}

type Notices = Readonly<Record<'tell' | 'tellBackup', ChangeMail>>

/** @param challenge of the first notice; absent: a new one. */
export async function withNotices<O extends Told>(
  context: Context,
  purpose: 'tell_codes' | 'tell_backup' | 'tell_recovery',
  work: (notices: Notices) => Promise<O>,
  challenge = mintId(context.now()),
): Promise<O> {
  const minting: Readonly<Record<'tell' | 'tellBackup', Minting>> = {
    tell: { context, purpose, challenge },
    tellBackup: { context, purpose, challenge: mintId(context.now()) },
  }
  const told = await withMails(minting, work, (outcome) => outcome)
  for (const mail of [told.tell, told.tellBackup]) if (mail !== null) context.tell(toldStart('start', mail.decision))
  return told
}
