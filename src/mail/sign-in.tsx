// What a sign-in mail says: subject, text part, HTML part, headers. Everything in it is ours or comes from fixed lists; no
// name, reason or User-Agent of whoever asked gets in, or our mail would carry strangers' messages.
import { randomUUID } from 'node:crypto'
import { type Brand, isTelling, type Ms } from '../core/model.ts'
import { wordsOf } from '../words/own.ts'
import { type MailKind, type MailWords, mailWords } from '../words/purpose.ts'
import type { Words } from '../words/words.ts'
import { compile, type Fill, type Shape } from './layout.tsx'
import type { Message } from './message.ts'

export interface SignInMailInput {
  /** What it is about; absent: a sign-in. */
  readonly kind?: MailKind
  readonly brand: Brand
  readonly locale: string
  readonly to: string
  /** Absolute, with its secret; null where the policy has no links. */
  readonly link: string | null
  readonly code: string | null
  /** Where its reader says that they did not ask for it: absolute; null: there is no such place. */
  readonly notMe: string | null
  /** A code was withheld: too many wrong ones for this address. */
  readonly codeOff: boolean
  readonly linkExpiresAt: Ms
  readonly codeExpiresAt: Ms
  readonly sentAt: Ms
  /** From a fixed list, e.g. "Firefox on Linux". */
  readonly device: string
  /** /24 or /64; null: nothing is said of it. */
  readonly network: string | null
  readonly askedAt: Ms
  readonly codeInSubject: boolean
  /** Where links lead, e.g. "auth.example.com". */
  readonly host: string
}

export function signInMail(input: SignInMailInput): Pick<Message, 'subject' | 'text' | 'html' | 'headers'> {
  if (
    input.link === null &&
    input.code === null &&
    !(input.kind === 'address_taken' || (input.kind !== undefined && isTelling(input.kind)))
  )
    throw new TypeError('a sign-in mail needs a link or a code')
  // What stands in an href decides where a click goes; what stands alone in the text part must stay one word.
  for (const link of [input.link, input.notMe])
    if (link !== null && !/^https?:\/\/[!-~]+$/.test(link)) throw new TypeError('the link of a mail is not an absolute http(s) address')
  if (input.code !== null && !/^\d{6,10}$/.test(input.code)) throw new TypeError('the code of a mail is not 6 to 10 digits')
  const words = wordsOf(input.brand, input.locale)
  const said = sentences(words, input)
  return {
    subject: said.subject,
    text: plain(words, said, input),
    html: htmlOf(words, said, input)({ code: input.code ?? '', href: input.link ?? '', notMeHref: input.notMe ?? '', ...said }),
    headers: {
      // RFC 3834 and Outlook's own: no out-of-office answers. Not bulk, not a list: neither Precedence nor List-*.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      // Different in each mail, so that a resend is not folded into the earlier one. Random: header values are logged by
      // every server on the way, and a digest of a six-digit code can be searched.
      'X-Entity-Ref-ID': randomUUID(),
    },
  }
}

/** `ready`: from when on happens what it tells of. */
const noticeOf = ({ notice = '' }: MailWords, ready: string): string => (typeof notice === 'string' ? notice : notice({ ready }))

type Sentences = ReturnType<typeof sentences>

function sentences(words: Words, input: SignInMailInput) {
  const { code, link, sentAt, host } = input
  const mail = mailWords(words, input.kind ?? 'sign_in')
  const app = oneLine(input.brand.name)
  const life = (ends: Ms) => ({ duration: lasts(words, ends - sentAt), until: words.clock(ends, sentAt) })
  const codeLife = code === null ? '' : mail.codeLife(life(input.codeExpiresAt))
  // What a notice leads to works as long as it is known.
  const linkLife = link === null || input.kind === 'new_device' ? '' : mail.linkLife(life(input.linkExpiresAt))
  const from = input.network === null ? '' : ` (${input.network})`
  const device = `${words.device(oneLine(input.device))}${from}`
  const asked = mail.asked({ device, app, at: words.clock(input.askedAt, sentAt) })
  const inSubject = code !== null && input.codeInSubject
  return {
    subject: inSubject ? mail.subjectWithCode({ code, app }) : code === null ? mail.subjectLink({ app }) : mail.subjectCode({ app }),
    // The list of mails shows the code once: in the subject, or else here.
    preheader: code === null ? linkLife || asked : inSubject ? `${codeLife}${words.gap}${mail.neverRead}` : `${code}. ${codeLife}`,
    brand: app,
    title: code === null ? mail.linkTitle : mail.codeTitle,
    codeWhere: mail.codeWhere,
    codeLife,
    codeOff: mail.codeOff,
    notice: noticeOf(mail, words.clock(input.codeExpiresAt, sentAt)),
    or: mail.or,
    button: mail.button({ app }),
    opens: mail.opens({ host }),
    linkIntro: mail.linkIntro({ app }),
    linkLife,
    asked,
    notYou: mail.notYou,
    notYouAction: mail.notYouAction,
    notMe: mail.notMe,
    notMeIntro: mail.notMeIntro,
    never: code === null ? mail.neverForward : mail.neverRead,
    sentBy: mail.sentBy({ app, host }),
    // Left out where it would put a second run of digits before the programs that look for the code.
    sentTo: /\d{6}/.test(input.to) ? '' : mail.sentTo({ address: input.to }),
    // Without its scheme, so that the mail has one link to follow: scanners open every one there is.
    help:
      input.brand.support === undefined ? '' : mail.help({ contact: oneLine(input.brand.support.replace(/^(mailto:|https?:\/\/)/, '')) }),
  }
}

/** The text part is complete by itself. The code and the link each are a paragraph of their own, unbroken. */
function plain({ gap }: Words, said: Sentences, input: SignInMailInput): string {
  const paragraphs = [`${said.brand}: ${said.title}`]
  if (said.notice !== '') paragraphs.push(said.asked, said.notice)
  if (input.code !== null) paragraphs.push(said.codeWhere, input.code, said.codeLife)
  if (input.codeOff) paragraphs.push(said.codeOff)
  if (input.code !== null && input.link !== null) paragraphs.push(said.or)
  if (input.link !== null) paragraphs.push(said.linkIntro, input.link)
  if (said.linkLife !== '') paragraphs.push(said.linkLife)
  paragraphs.push('--', ...(said.notice === '' ? [said.asked] : []), [said.notYou, said.notYouAction, said.never].join(gap))
  // Not a paragraph by itself, which is what the link to sign in is known by.
  if (input.notMe !== null) paragraphs.push(`${said.notMeIntro}\n${input.notMe}`)
  paragraphs.push(`${said.sentBy}${gap}${said.sentTo}`.trimEnd())
  if (said.help !== '') paragraphs.push(said.help)
  return `${paragraphs.map((paragraph) => paragraph.split('\n').map(wrap).join('\n')).join('\n\n')}\n`
}

/** Postkey's own ink; 4.5:1 and more on the sheet, in both. */
const ACCENT = { light: '#0b5a63', dark: '#7fcbd3' }
const HEX = /^#[0-9a-fA-F]{6}$/

/** Laid out once per language, colours and shape; no value of a mail is in the key, so strangers cannot fill the cache. */
const laidOut = new Map<string, Fill>()
const LAID_OUT_MAX = 64

function htmlOf(words: Words, said: Sentences, input: SignInMailInput): Fill {
  const { accent } = input.brand
  // VML knows six-digit colours only; and a colour is the one brand value that stands in a style sheet.
  const colours = accent && HEX.test(accent.light) && HEX.test(accent.dark) ? accent : ACCENT
  const shape: Shape = {
    lang: words.lang,
    dir: words.dir,
    gap: words.gap,
    accent: colours,
    code: input.code !== null,
    link: input.link !== null,
    codeOff: input.codeOff,
    notice: said.notice !== '',
    notMe: input.notMe !== null,
  }
  const key = `${shape.lang} ${colours.light} ${colours.dark} ${shape.code} ${shape.link} ${shape.codeOff} ${shape.notice} ${shape.notMe}`
  let fill = laidOut.get(key)
  if (fill === undefined) {
    fill = compile(shape)
    if (laidOut.size >= LAID_OUT_MAX) laidOut.delete(laidOut.keys().next().value as string)
    laidOut.set(key, fill)
  }
  return fill
}

const MINUTE: Ms = 60_000

/** Rounded down: a mail never promises more than there is. */
function lasts(words: Words, ms: Ms): string {
  return words.duration(Math.max(1, Math.floor(ms / MINUTE)) * MINUTE)
}

/** For subjects and paragraphs: no line breaks, no controls, no direction overrides (a name must not rearrange the sentence). */
function oneLine(value: string): string {
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(value)
    ? value
        .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
        .replace(/[\u202A-\u202E\u2066-\u2069]/g, '')
        .trim()
    : value
}

const COLUMNS = 74

/** Lines under 78 characters; a longer word (the link) is left whole. */
function wrap(paragraph: string): string {
  let wrapped = ''
  let from = 0
  while (paragraph.length - from > COLUMNS) {
    // Between Japanese sentences there is no space.
    const last = Math.max(paragraph.lastIndexOf(' ', from + COLUMNS), paragraph.lastIndexOf('。', from + COLUMNS - 1) + 1)
    const end = last > from ? last : paragraph.indexOf(' ', from + COLUMNS)
    if (end < 0) break
    wrapped += `${paragraph.slice(from, end)}\n`
    from = paragraph[end] === ' ' ? end + 1 : end
  }
  return wrapped + paragraph.slice(from)
}
