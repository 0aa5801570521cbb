// A message that says that a mail came back (RFC 3464), as the mail system hands it over. Anybody can write one: what it says counts only for the
// mail whose return path it came to, and that carries a keyed tag.
import PostalMime from 'postal-mime'

export interface Dsn {
  /** Of each recipient that will never get it: what the mail system said. */
  readonly failed: readonly { readonly status: string; readonly diagnostic: string }[]
  /** Addresses that it may have been sent to. */
  readonly sentTo: readonly string[]
}

/** Headers by which mail systems keep the address that a message came in for. */
const CAME_IN_FOR = ['x-original-to', 'delivered-to', 'envelope-to', 'to']

/** null: it is no such message. */
export async function readDsn(raw: Uint8Array): Promise<Dsn | null> {
  const mail = await PostalMime.parse(raw, { attachmentEncoding: 'utf8' })
  const status = mail.attachments.find(({ mimeType }) => mimeType === 'message/delivery-status')
  if (status === undefined) return null
  // The first block is about the message, each further one about a recipient.
  const blocks = unfolded(String(status.content))
    .split(/\n{2,}/)
    .map(fieldsOf)
    .filter((fields) => fields.size > 0)
  const failed = blocks
    .filter((fields) => fields.get('action')?.toLowerCase() === 'failed' && /^5\.\d{1,3}\.\d{1,3}\b/.test(fields.get('status') ?? ''))
    .map((fields) => ({ status: fields.get('status') ?? '', diagnostic: fields.get('diagnostic-code') ?? '' }))
  const sentTo = mail.headers
    .filter(({ key }) => CAME_IN_FOR.includes(key))
    .flatMap(({ value }) => value.split(/[\s<>,;:"']+/).filter((word) => /.@./.test(word)))
  return { failed, sentTo }
}

const unfolded = (text: string): string => text.replaceAll('\r\n', '\n').replaceAll(/\n[ \t]+/g, ' ')

function fieldsOf(block: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    if (at > 0) fields.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim())
  }
  return fields
}
