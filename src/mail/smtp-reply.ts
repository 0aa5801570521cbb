// What an SMTP conversation that ended one way or another means for the mail. Pure. The library calls 451 and 550 by one name,
// so it is the server's number that counts, and which command it answered.
import type { Mute } from './smtp-url.ts'
import type { Reply } from './transport.ts'

export interface Ending {
  /** The server's last word, if all went well. */
  readonly response?: string
  readonly error?: unknown
  /** Bytes of the message itself have left. */
  readonly bytesLeft: boolean
}

interface SmtpError {
  readonly code?: string
  readonly originalCode?: string
  readonly response?: string
  readonly responseCode?: number
  readonly command?: string
  readonly message?: string
}

export function judge(ending: Ending, mute: Mute): Reply {
  if (ending.error === undefined) return { class: 'accepted', code: codeOf(ending.response) ?? 250, text: mute(ending.response ?? '') }
  const error = asSmtpError(ending.error)
  const code = error.responseCode
  const text = mute(error.response ?? error.message ?? 'no answer')
  return { class: classOf(error, ending.bytesLeft), ...(code === undefined ? {} : { code }), text }
}

function classOf(error: SmtpError, bytesLeft: boolean): Reply['class'] {
  const { responseCode = 0, command = '' } = error
  // 530, 534, 535, 538: it is our login that is refused, whatever command it shows at.
  const login = error.code === 'EAUTH' || [530, 534, 535, 538].includes(responseCode)
  if (login || error.code === 'ETLS') return 'unreachable'
  if (responseCode >= 400 && responseCode < 500) return 'temporary'
  // A sender or a connection that is refused says nothing about the person's address: it would be refused for everyone.
  if (responseCode >= 500 && responseCode < 600 && (command === 'RCPT TO' || command === 'DATA')) return 'permanent'
  return bytesLeft ? 'unknown' : 'unreachable'
}

/** What an operator can do about a mail server that cannot be used. */
export function operatorHint(thrown: unknown): string {
  const error = asSmtpError(thrown)
  const cause = error.originalCode ?? error.code ?? ''
  const message = error.message ?? ''
  if (error.code === 'EAUTH') return 'check user and password in POSTKEY_SMTP_URL'
  if (error.code === 'EDNS' || cause === 'ENOTFOUND') return 'check the host in POSTKEY_SMTP_URL, and that its name resolves here'
  if (error.code === 'ETIMEDOUT' || cause === 'ETIMEDOUT')
    return 'nothing answered in time: check host and port, and that no firewall stands between'
  if (cause === 'ECONNREFUSED') return 'nothing listens there: check host and port in POSTKEY_SMTP_URL'
  if (/certificate|altnames|self.signed/i.test(message) || /CERT|ALTNAME/.test(cause)) {
    return 'its certificate is not valid for this host: use the name it is made out to, or trust your own authority with ?ca=FILE'
  }
  if (error.command === 'STARTTLS' || /STARTTLS/.test(message))
    return 'it does not offer STARTTLS: use smtps:// if it has that, or another server; Postkey does not send in clear'
  if (error.code === 'ETLS' || error.code === 'ESOCKET') return 'TLS failed: smtp:// is for ports 587 and 25, smtps:// for 465'
  return 'check POSTKEY_SMTP_URL'
}

function asSmtpError(thrown: unknown): SmtpError {
  return typeof thrown === 'object' && thrown !== null ? (thrown as SmtpError) : { message: String(thrown) }
}

const codeOf = (response = ''): number | undefined => (/^\d{3}/.test(response) ? Number(response.slice(0, 3)) : undefined)
