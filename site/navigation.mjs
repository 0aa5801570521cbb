// The order in which a newcomer reads. What is not there yet is left out, and what stands in no chapter comes last, so that a page can
// be written, or wait to be written, without touching this file.

/** A page is the path of its file below docs/, without the ending; README.md and the like are pages by the names of `atTheRoot`. */
export const atTheRoot = { overview: 'README.md', changelog: 'CHANGELOG.md', contributing: 'CONTRIBUTING.md' }

/** `for`: what somebody finds there, in one line of the home page. `name`: shorter than the heading of the page. */
const chapters = [
  {
    title: 'Begin',
    pages: [
      { at: 'get-started', for: 'A demo, your application, real mails: five minutes each.' },
      { at: 'overview', name: 'Overview', for: 'What it does, every command and every setting.' },
      { at: 'why-get-changes-nothing', for: 'What mail scanners do to links, and what was measured.' },
    ],
  },
  {
    title: 'Build it in',
    pages: [
      { at: 'frameworks', for: 'Each framework, in a few lines.' },
      { at: 'client', for: 'Client, React hook, web component.' },
      { at: 'account', name: 'The account', for: 'Recent proofs, another address, the account page.' },
      { at: 'recovery', for: 'When the mailbox is gone.' },
      { at: 'users', for: 'People: where they come from, what can be done to them.' },
      { at: 'webhooks', for: 'Your application is told what happens.' },
      { at: 'testing-your-app', for: 'Tests that sign in, without a mailbox.' },
      { at: 'contract', for: 'The JSON API, problems, and what never changes.' },
    ],
  },
  {
    title: 'Make it yours',
    pages: [
      { at: 'pages', for: 'The pages, and name, colour and words on them.' },
      { at: 'mails', for: 'What a mail is made of, and what your domain needs.' },
      { at: 'words', for: 'Languages and texts.' },
      { at: 'policy', for: 'Every limit and lifetime: default, bounds, reason.' },
      { at: 'tenants', for: 'Several applications on one installation.' },
    ],
  },
  {
    title: 'Move here',
    pages: [
      { at: 'migrate/from-links-to-codes', for: 'And back, for some people first.' },
      { at: 'migrate/better-auth', name: 'From Better Auth', for: 'People, sessions, what is lost.' },
      { at: 'migrate/auth-js', name: 'From Auth.js', for: 'People, adapters, what is lost.' },
      { at: 'migrate/devise', name: 'From Devise', for: 'Rails beside Postkey.' },
      { at: 'migrate/supabase', name: 'From Supabase', for: 'People, row level security, what is lost.' },
      { at: 'migrate/auth0', name: 'From Auth0', for: 'Exports, connections, what is lost.' },
      { at: 'bridge', for: 'Stay where you are, and sign in here.' },
      { at: 'bridges', for: 'Stay where you are, and sign in here.' },
      { at: 'import', name: 'Imports', for: 'Files, columns, and what becomes of a row.' },
      { at: 'roll-out', name: 'Roll-outs', for: 'A change of the policy for some people first.' },
    ],
  },
  {
    title: 'Run it',
    pages: [
      { at: 'operating', for: 'Servers, proxies, keys, copies, the record, the console, alarms.' },
      { at: 'preflight', for: 'Try a deployment as a hostile inbox would.' },
      { at: 'bounces', for: 'Mails that come back.' },
      { at: 'reasons', for: 'Every answer, and what helps.' },
      { at: 'speed', for: 'What one process does.' },
      { at: 'scale', for: 'Millions of people.' },
    ],
  },
  {
    title: 'Judge it',
    pages: [
      { at: 'threat-model', for: 'What it protects from, and what not.' },
      { at: 'standards', for: 'ASVS and NIST, requirement by requirement.' },
      { at: 'timing', for: 'Whether known addresses can be told by time.' },
      { at: 'preflight-peers', name: 'Others, measured', for: 'Better Auth and Auth.js before the same cases.' },
      { at: 'changelog', for: 'What is new.' },
      { at: 'contributing', name: 'Contributing', for: 'How to change it.' },
      { at: 'releasing', name: 'Releases', for: 'How a version is made, and how to check one.' },
    ],
  },
]

/** @param {readonly string[]} there  the pages that exist  @returns {{ title: string, pages: { at: string, name?: string, for?: string }[] }[]} */
export function navigation(there) {
  const known = new Set(chapters.flatMap(({ pages }) => pages.map(({ at }) => at)))
  const rest = there.filter((at) => !known.has(at)).sort()
  const isDecision = (at) => at.startsWith('decisions/')
  return [
    ...chapters.map(({ title, pages }) => ({ title, pages: pages.filter(({ at }) => there.includes(at)) })),
    { title: 'More', pages: rest.filter((at) => !isDecision(at)).map((at) => ({ at })) },
    { title: 'Decisions', pages: rest.filter(isDecision).map((at) => ({ at })) },
  ].filter(({ pages }) => pages.length > 0)
}
