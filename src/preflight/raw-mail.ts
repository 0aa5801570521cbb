// A mail as mail servers hand it on.
import PostalMime from 'postal-mime'
import type { Mail } from './system.ts'

export async function readMail(raw: Uint8Array): Promise<Mail> {
  const { subject = '', text = '', html = '', headers } = await PostalMime.parse(raw)
  // Each server on the way writes above what it was given: where a name stands twice, the upper one is of the server that is ours.
  return { subject, text, html, headers: Object.fromEntries(headers.toReversed().map(({ key, value }) => [key, value])) }
}
