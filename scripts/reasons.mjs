// Writes docs/reasons.md from the table in core/reason.ts and the words in words/. Run after `npm run build`, which makes the
// dist/ it reads; test/docs.test.ts prints the same page from the sources and compares.
import { writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const KINDS = {
  start: 'Asking for a mail',
  verify: 'Presenting a link or a code',
  session: 'Sessions',
  guard: 'Refused before anything is looked up',
  delivery: 'Handing a mail over',
  bounce: 'Mails that came back',
  operator: 'The console',
  webhook: 'Webhooks',
  account: 'The own account',
  outage: 'Outages',
}

/**
 * @param {{ reasons: Record<string, any>, words: { faces: Record<string, any> }, policy: object }} given
 * @returns {string} the page, as Markdown
 */
export function reasonsPage({ reasons, words, policy }) {
  const codes = Object.keys(reasons)
  const sections = Object.entries(KINDS).map(([kind, title]) => {
    const rows = codes.filter((code) => reasons[code].kind === kind).map((code) => row(code, reasons[code], words, policy))
    const head = ['reason', 'face', 'status', 'severity', 'what it means', 'what the page says', 'next step']
    return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
  })
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`
}

const INTRODUCTION = `# Reasons

Written by \`scripts/reasons.mjs\` from [core/reason.ts](../src/core/reason.ts). Do not edit it by hand: a test compares the two.

Every answer of Postkey carries exactly one reason. It stands in the audit event, in the log and, as its face, on the page and in the
JSON answer. A released reason is never renamed.

- **face**: all that a stranger may learn. Several reasons share one face on purpose, so that an answer does not tell who has an
  account. "same" means that the reason is its own face.
- **status**: the HTTP status of a page or JSON answer with this face. A page that succeeds answers 303 instead.
- **what the page says**, **next step**: in English, under the preset \`standard\`. Numbers follow the policy in force.`

/** A face without words is never shown: it happens in the outbox. */
function row(code, { face, status, severity, meaning, next }, words, policy) {
  const spoken = Object.hasOwn(words.faces, face) ? words.faces[face] : null
  const params = { policy, now: 0 }
  const says = spoken === null ? 'never shown' : `${spoken.heading}. ${spoken.why(params)}`
  const step = spoken === null ? `\`${next}\`` : `\`${next}\`: ${spoken.next(params)}`
  return [`\`${code}\``, face === code ? 'same' : `\`${face}\``, status, severity, meaning, says.replace('?. ', '? '), step]
}

function line(cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const load = (file) => import(new URL(`../dist/${file}`, import.meta.url).href)
  const [{ reasons }, { wordsFor }, { readPolicy }] = await Promise.all(['core/reason.js', 'words/words.js', 'core/policy.js'].map(load))
  writeFileSync(
    fileURLToPath(new URL('../docs/reasons.md', import.meta.url)),
    reasonsPage({ reasons, words: wordsFor('en'), policy: readPolicy('standard').policy }),
  )
}
