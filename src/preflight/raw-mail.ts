// A mail as mail servers hand it on.
import PostalMime from 'postal-mime'
import type { Mail } from './system.ts'

export async function readMail(raw: Uint8Array): Promise<Mail> {
  const { subject = '', text = '', html = '', headers } = await PostalMime.parse(raw)
  const all: Record<string, string> = {}
  for (const { key, value } of headers) all[key] = all[key] === undefined ? value : `${all[key]}\n${value}`
  return { subject, text, html, headers: all }
}
