// The command line: what can be typed, what it answers, and with which exit code (0 done, 1 failed, 2 not understood or not
// configured). The commands themselves are loaded when they run, so that --help is instant and `dev` starts with little.
import { type ArgsDef, type CommandDef, defineCommand, parseArgs, renderUsage } from 'citty'
import { closest, distance } from 'fastest-levenshtein'
import { appVersion, schemaVersion, templateVersion } from '../versions.ts'

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where relative paths start. */
  readonly folder: string
  /** A person is watching: progress and colours make sense. */
  readonly interactive: boolean
  /** What is piped in. */
  readonly input?: AsyncIterable<Uint8Array>
  out(text: string): void
  err(text: string): void
}

export interface Request {
  readonly terminal: Terminal
  readonly json: boolean
  /** Settings given as flags, by camelCase key. */
  readonly flags: Readonly<Record<string, string | undefined>>
  /** Flags without a value that were given, by name. */
  readonly switches: ReadonlySet<string>
  /** --config */
  readonly file: string | undefined
  /** What is no flag, in order. */
  readonly words: readonly string[]
}

export type ExitCode = 0 | 1 | 2

const text = (description: string, valueHint: string) => ({ type: 'string', description, valueHint }) as const

const common = {
  config: text('Settings as JSON (default: postkey.config.json, if there)', 'FILE'),
  json: { type: 'boolean', description: 'Answer in JSON, for programs' },
  help: { type: 'boolean', alias: 'h', description: 'Show this' },
} as const satisfies ArgsDef

const database = {
  'database-url': text('file:PATH or postgres://…', 'URL'),
  'database-url-file': text('A file that holds it', 'FILE'),
} as const

// No flag takes a secret itself: other users of the machine see command lines.
const server = {
  ...common,
  url: text('Public address; links are built from it', 'URL'),
  'base-path': text('Put before every path', '/auth'),
  host: text('Listen there (default: 127.0.0.1)', 'HOST'),
  port: text('Listen there (default: 3000)', 'PORT'),
  ...database,
  'database-connections': text('To PostgreSQL, from this process (default: 4)', 'COUNT'),
  'secret-file': text('A file that holds the secret', 'FILE'),
  'smtp-url-file': text('A file that holds the address of the mail server', 'FILE'),
  'mail-from': text('Who mails come from', '"Name <a@b.c>"'),
  'dkim-selectors': text('DKIM keys that doctor looks up', 's1,s2'),
  policy: text('strict, standard, corporate, or a JSON file', 'NAME'),
  metrics: text('Tell numbers and versions there, like 127.0.0.1:9464', 'HOST:PORT'),
  log: text('debug, info, warn, error or silent', 'LEVEL'),
} as const satisfies ArgsDef

const tenant = text('Of which tenant (default: that of the settings)', 'TENANT')

interface Entry {
  readonly command: CommandDef<ArgsDef>
  readonly examples: readonly string[]
  readonly run: (request: Request) => Promise<ExitCode>
}

const entry = (name: string, description: string, args: ArgsDef, examples: readonly string[], run: Entry['run']): Entry => ({
  command: defineCommand({ meta: { name, description }, args }),
  examples,
  run,
})

export const commands: Readonly<Record<string, Entry>> = {
  dev: entry(
    'dev',
    'Try it on this machine: every mail lands in an inbox you can open.',
    server,
    ['postkey dev', 'postkey dev --port 4000 --policy corporate'],
    async (request) => (await import('./serve.ts')).serve(request, 'dev'),
  ),
  serve: entry(
    'serve',
    'Run for production. Refuses unsafe settings and names each.',
    server,
    ['postkey serve --config /etc/postkey.json', 'POSTKEY_SECRET_FILE=/run/secrets/postkey postkey serve --url https://auth.example.com'],
    async (request) => (await import('./serve.ts')).serve(request, 'serve'),
  ),
  migrate: entry(
    'migrate',
    'Bring the schema of the database up to date.',
    { ...common, ...database },
    ['postkey migrate --database-url file:/var/lib/postkey/postkey.db'],
    async (request) => (await import('./migrate.ts')).migrate(request),
  ),
  recovery: entry(
    'recovery',
    'People who lost their mailbox and wait for a link to a new address: list them, begin it for somebody, agree, stop it. Nothing here shows a link or shortens the wait.',
    {
      ...common,
      ...database,
      'secret-file': text('The file that holds the secret', 'FILE'),
      tenant,
      action: { type: 'positional', required: false, description: 'list, start, approve or cancel', valueHint: 'ACTION' },
      who: { type: 'positional', required: false, description: 'Whom it is for; or the id of a recovery', valueHint: 'WHO|ID' },
      address: { type: 'positional', required: false, description: 'The new address, to start with', valueHint: 'NEW_ADDRESS' },
    },
    [
      'postkey recovery list',
      'postkey recovery start ada@example.com ada@new.example',
      'postkey recovery approve 1Vn3dQ8x2aBcDeFg',
      'postkey recovery cancel 1Vn3dQ8x2aBcDeFg --json',
    ],
    async (request) => (await import('./recovery.ts')).recovery(request),
  ),
  backup: entry(
    'backup',
    'Copy the SQLite database while the server runs. The copy voids links, codes and sessions when it is put in its place.',
    {
      ...common,
      ...database,
      file: { type: 'positional', required: false, description: 'Where the copy goes; nothing may stand there', valueHint: 'FILE' },
    },
    ['postkey backup /var/backups/postkey-2026-11-21.db'],
    async (request) => (await import('./backup.ts')).backup(request),
  ),
  restored: entry(
    'restored',
    'After a restore that `postkey backup` did not make: void every link, code and session from before.',
    { ...common, ...database },
    ['postkey restored --database-url postgres://postkey@db/postkey'],
    async (request) => (await import('./backup.ts')).restored(request),
  ),
  keys: entry(
    'keys',
    'Replace the secret, in the file that POSTKEY_SECRET_FILE names: `postkey keys rotate`.',
    {
      ...common,
      'secret-file': text('The file that holds the secret', 'FILE'),
      announce: { type: 'boolean', description: 'For several servers: a new secret that all of them know before any uses it' },
      switch: { type: 'boolean', description: 'For several servers: use the one that was announced' },
      'drop-old': { type: 'boolean', description: 'Take the previous secret away' },
      action: { type: 'positional', required: false, description: 'rotate', valueHint: 'rotate' },
    },
    [
      'postkey keys rotate --secret-file /etc/postkey/secret',
      'postkey keys rotate --secret-file /etc/postkey/secret --drop-old',
      'postkey keys rotate --announce --json',
    ],
    async (request) => (await import('./keys.ts')).keys(request),
  ),
  audit: entry(
    'audit',
    'Why could she not get in? `search` and `show` tell what happened, the verdict first; `replay` makes recorded decisions again, `try` under another policy; `verify` holds the record against its seals, `export` writes it to a file.',
    {
      ...common,
      ...database,
      'secret-file': text('verify: a file that holds the secret', 'FILE'),
      since: text('From then on: 30d, 12h, or a date (default: all that is kept; replay and try: 30d)', 'TIME'),
      until: text('export: requests before then', 'TIME'),
      limit: text('search: so many at most (default: 20)', 'COUNT'),
      after: text('replay, try, verify: go on where a run that was interrupted said', 'PLACE'),
      head: text('verify: the newest seal by your log, `seq` and `head` of its line record_sealed', 'SEQ:HEAD'),
      policy: text(
        'try: strict, standard, corporate, or a JSON file. Each event by itself, with the facts of its time: no simulation',
        'NAME',
      ),
      format: text('export: jsonl or csv (default: jsonl)', 'FORMAT'),
      kind: text('export: events of one kind: start, resend, deliver, verify, end_session, console or guard', 'KIND'),
      reason: text('export: events of one reason, such as code_wrong', 'REASON'),
      out: text('export: the file, which must not exist (default: postkey-audit-DATE.FORMAT)', 'FILE'),
      tenant,
      action: { type: 'positional', required: false, description: 'search, show, replay, try, verify or export', valueHint: 'ACTION' },
      what: {
        type: 'positional',
        required: false,
        description: 'An address; the id of a user, request, challenge, link or session; a Message-ID; a client address or its network',
        valueHint: 'TEXT',
      },
    },
    [
      'postkey audit search ada@example.net',
      'postkey audit search 203.0.113.0/24 --since 1d --limit 50',
      'postkey audit show Vbb2l5kDZRh29KWG --json',
      'postkey audit replay --since 7d --json',
      'postkey audit verify --head 812:kZ0bq4h2pX7cV9wLr3tY6uN1mS8dF5gJ0aQeRiToPzX',
      'postkey audit export --format csv --since 30d --reason code_wrong --out wrong-codes.csv',
      'postkey audit try --policy corporate',
      'postkey audit try --policy ./new-policy.json --since 30d --json',
    ],
    async (request) => (await import('./audit.ts')).audit(request),
  ),
  users: entry(
    'users',
    'The people who can sign in: `list` and `show` them, `add` or `invite` one, `disable`, `enable`, `end-sessions`, `delete`, `erase`; `import` those of another system, `export` all.',
    {
      ...common,
      ...database,
      status: text('list: active or disabled', 'STATUS'),
      unconfirmed: { type: 'boolean', description: 'list: whose mailbox nobody has proved yet' },
      domain: text('list: whose address is there', 'DOMAIN'),
      since: text('list: made from then on: 30d, 12h, or a date', 'TIME'),
      limit: text('list: so many at most (default: 50)', 'COUNT'),
      after: text('list: go on where the page before said', 'ID'),
      format: text('import, export: csv or jsonl (default: by the name of the file, else csv)', 'FORMAT'),
      from: text('import: the system it comes from: auth0, clerk, supabase, better-auth, authjs or devise', 'SYSTEM'),
      map: text('import: which column says what, such as email=Email,external_id=UserId', 'FIELD=COLUMN,…'),
      errors: text('import: a file for the rows that were left out, by their lines; it must not exist', 'FILE'),
      'dry-run': { type: 'boolean', description: 'import: say what would become of each row, and write nothing' },
      out: text('export: the file, which must not exist, or - (default: postkey-users-DATE.FORMAT)', 'FILE'),
      locale: text('invite: the language of the mail, such as de', 'TAG'),
      'external-id': text('add, invite: what another system knows the user by', 'ID'),
      tenant,
      yes: { type: 'boolean', description: 'delete, erase: yes, for good' },
      action: { type: 'positional', required: false, description: 'list, show, add, disable, …', valueHint: 'ACTION' },
      who: {
        type: 'positional',
        required: false,
        description: 'An address, the id of a user, or external:ID; import: a file, or -',
        valueHint: 'WHO',
      },
    },
    [
      'postkey users list --unconfirmed --since 30d',
      'postkey users show ada@example.net',
      'postkey users add ada@example.net --external-id 4711',
      'postkey users invite ada@example.net --locale de',
      'postkey users disable ada@example.net',
      'postkey users delete external:4711 --yes --json',
      'postkey users import auth0.jsonl --from auth0 --dry-run',
      'postkey users import people.csv --map email=Email --errors left-out.jsonl',
      'postkey users export --format jsonl --out - | gzip > users.jsonl.gz',
      'postkey users list --tenant acme',
    ],
    async (request) => (await import('./users.ts')).users(request),
  ),
  calibrate: entry(
    'calibrate',
    'How long people take from the mail to the click, by class of mailbox, and how long links should live. Reads only; asks DNS for the MX of their domains.',
    {
      ...common,
      ...database,
      since: text('Sign-ins asked for from then on: 30d, 12h, or a date (default: 30d)', 'TIME'),
      tenant,
    },
    ['postkey calibrate', 'postkey calibrate --since 7d --json'],
    async (request) => (await import('./calibrate.ts')).calibrate(request),
  ),
  funnel: entry(
    'funnel',
    'How many of those who asked got in, how long it took, and where the others were lost.',
    {
      ...common,
      ...database,
      since: text('Requests from then on: 24h, 30d, or a date (default: 24h)', 'TIME'),
      tenant,
      by: text('Told apart by mailbox (asks DNS for the MX of the domains), device, method or policy', 'WHAT'),
    },
    ['postkey funnel', 'postkey funnel --since 30d --by mailbox', 'postkey funnel --since 2026-11-01 --by device --json'],
    async (request) => (await import('./funnel.ts')).funnel(request),
  ),
  webhooks: entry(
    'webhooks',
    'Tell your application what happens: endpoints, their secrets, and what was sent to them. A server that runs hears of a change within ten seconds.',
    {
      ...common,
      ...database,
      url: text('Public address of the server; on http://localhost an endpoint may be so too', 'URL'),
      'secret-file': text('A file that holds the secret', 'FILE'),
      policy: text('As the server has it', 'NAME'),
      types: text('add: only these, such as signin.completed,session.ended (default: all)', 'TYPES'),
      since: text('replay: what failed from then on: 30d, 12h, or a date (default: 30d)', 'TIME'),
      tenant,
      'drop-old': { type: 'boolean', description: 'rotate: sign with the new secret alone' },
      action: {
        type: 'positional',
        required: false,
        description: 'list, show, add, remove, enable, disable, rotate, test or replay',
        valueHint: 'ACTION',
      },
      what: { type: 'positional', required: false, description: 'A URL, an endpoint, or a message (msg_…)', valueHint: 'WHAT' },
    },
    [
      'postkey webhooks add https://app.example.com/hooks/postkey --types signin.completed,session.ended',
      'postkey webhooks list --json',
      'postkey webhooks test Vbb2l5kDZRh29KWG',
      'postkey webhooks show Vbb2l5kDZRh29KWG',
      'postkey webhooks replay msg_Vbb2l5kDZRh29KWG-0',
      'postkey webhooks replay Vbb2l5kDZRh29KWG --since 2d',
      'postkey webhooks rotate Vbb2l5kDZRh29KWG',
      'postkey webhooks rotate Vbb2l5kDZRh29KWG --drop-old',
      'postkey webhooks add https://app.acme.example/hooks/postkey --tenant acme',
    ],
    async (request) => (await import('./webhooks.ts')).webhooks(request),
  ),
  tenants: entry(
    'tenants',
    'Further applications on this installation, each with people, brand, policy and operators of its own: list, show, add, set, suspend, resume, remove. An empty value takes a setting back.',
    {
      ...common,
      url: text('Public address of the installation', 'URL'),
      'base-path': text('Put before every path of the installation', '/auth'),
      ...database,
      file: text('add, set: settings as JSON, by the names of these flags in camelCase; flags win', 'FILE'),
      hosts: text('Where it is: hosts of its own, separated by commas; links lead to the first', 'HOSTS'),
      prefix: text('Where it is: a path below the installation', '/t/NAME'),
      name: text('The name people know it by', 'NAME'),
      'mail-from': text('The address its mails come from', 'ADDRESS'),
      support: text('Who helps: an address or an https URL', 'ADDRESS'),
      accent: text('Its colour, or two for light and dark', '#1f4ed8'),
      logo: text('An SVG drawing of at most 16 kB, beside its name on pages', 'FILE'),
      policy: text('strict, standard, corporate, or a JSON file', 'NAME'),
      'roll-out': text('A change of the policy for some people first', 'FILE'),
      words: text('Texts of its own, by language', 'FILE'),
      'return-origins': text('Further origins a sign-in may lead to', 'ORIGINS'),
      'return-to': text('Where a sign-in leads when nothing was asked for', 'URL'),
      operators: text('Who may use its console, and hears of its alarms', 'ADDRESSES'),
      scope: text('key add: what its holder may do, read or write (default: read)', 'SCOPE'),
      yes: { type: 'boolean', description: 'remove: yes, delete all of it' },
      action: {
        type: 'positional',
        required: false,
        description: 'list, show, add, set, suspend, resume, remove or key',
        valueHint: 'ACTION',
      },
      tenant: { type: 'positional', required: false, description: 'Its name: small letters, digits and hyphens', valueHint: 'TENANT' },
      'key-tenant': { type: 'positional', required: false, description: 'key: whose; default: of the installation', valueHint: 'TENANT' },
      'key-id': { type: 'positional', required: false, description: 'key end: which one', valueHint: 'KEY' },
    },
    [
      'postkey tenants list --json',
      'postkey tenants add acme --name Acme --hosts auth.acme.example --policy strict',
      'postkey tenants add beta --name Beta --prefix /t/beta',
      'postkey tenants set acme --file acme.json',
      'postkey tenants set acme --support ""',
      'postkey tenants suspend acme',
      'postkey tenants remove acme --yes',
      'postkey tenants key add default --scope write',
      'postkey tenants key end default Vbb2l5kDZRh29KWG',
    ],
    async (request) => (await import('./tenants.ts')).tenants(request),
  ),
  preflight: entry(
    'preflight',
    'Try a running deployment as a hostile inbox, a careless person and another site would. Mails are read from the inbox of `postkey dev`, or where --mailbox says.',
    {
      json: common.json,
      help: common.help,
      only: text('These cases only, such as SC-04,CS-02', 'IDS'),
      mailbox: text(
        'Where its mails can be read: smtp://HOST:PORT opens a mail server there, imaps://USER@HOST/FOLDER reads a mailbox (password in POSTKEY_PREFLIGHT_PASSWORD)',
        'URL',
      ),
      addresses: text('Which addresses end there (default: *@preflight.example)', '*@DOMAIN'),
      chromium: text('The real browser that some cases take, by Playwright (default: one that Playwright finds)', 'FILE'),
      adapter: text('How another system than Postkey is asked, and where its mails are', 'FILE'),
      junit: text('Also write the results there, as CI servers read them', 'FILE'),
      where: { type: 'positional', required: false, description: 'Its public address, base path and all', valueHint: 'URL' },
    },
    [
      'postkey preflight http://localhost:3000',
      'postkey preflight https://auth.example.com --json',
      'postkey preflight http://localhost:3000 --mailbox smtp://127.0.0.1:2525',
      'postkey preflight https://auth.example.com --mailbox imaps://sink@imap.example.com --addresses "*@sink.example.com"',
      'postkey preflight http://localhost:3000 --only SC-04,SC-06 --junit preflight.xml',
    ],
    async (request) => (await import('./preflight.ts')).preflight(request),
  ),
  bounces: entry(
    'bounces',
    'Mails that came back: `take` reads a delivery report from a pipe of the mail system, `list` names the addresses that are sent nothing, `lift` takes one off.',
    {
      ...common,
      ...database,
      'secret-file': text('A file that holds the secret', 'FILE'),
      policy: text('As the server has it', 'NAME'),
      tenant: text('Of which tenant (default: that of the settings; take: the one whose mail it was)', 'TENANT'),
      action: { type: 'positional', required: false, description: 'take, list or lift', valueHint: 'ACTION' },
      recipient: {
        type: 'positional',
        required: false,
        description: 'take: the address that the report came in for; lift: the one to send mail to again',
        valueHint: 'ADDRESS',
      },
    },
    [
      'postkey bounces take < report.eml',
      'postkey bounces take "$ORIGINAL_RECIPIENT"',
      'postkey bounces list --json',
      'postkey bounces lift ada@example.net',
    ],
    async (request) => (await import('./bounces.ts')).bounces(request),
  ),
  doctor: entry(
    'doctor',
    'Check settings, database, mail server and the DNS records of your mail domain; with --deep every row.',
    { ...server, deep: { type: 'boolean', description: 'Hold every row against what must always be true; takes its time' } },
    ['postkey doctor', 'postkey doctor --deep', 'postkey doctor --json --config /etc/postkey.json'],
    async (request) => (await import('./doctor.ts')).doctor(request),
  ),
}

export async function main(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const asked = rest[0] === undefined ? undefined : commands[rest[0]]
    terminal.out(asked ? await helpOf(asked) : overview())
    return 0
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    const versions = { version: appVersion, schema: schemaVersion, template: templateVersion }
    terminal.out(rest.includes('--json') ? JSON.stringify(versions) : appVersion)
    return 0
  }
  const chosen = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!chosen) return misunderstood(terminal, `there is no command "${name}"`, suggestion(name, Object.keys(commands)), 'postkey --help')

  const args = chosen.command.args as ArgsDef
  const problem = firstUnknown(rest, args)
  if (problem) return misunderstood(terminal, problem.what, problem.near, `postkey ${name} --help`)
  const given = parseArgs(rest, args)
  if (given['help'] === true) {
    terminal.out(await helpOf(chosen))
    return 0
  }
  const json = given['json'] === true
  try {
    const switches = new Set(Object.keys(args).filter((flag) => args[flag]?.type === 'boolean' && given[flag] === true))
    const file = stringOf(given['config'])
    return await chosen.run({ terminal, json, flags: flagsOf(given, args), switches, file, words: given._ as string[] })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (json) terminal.out(JSON.stringify({ ok: false, error: message }))
    terminal.err(`postkey ${name}: ${message}`)
    if (!json && error instanceof Error && terminal.env['POSTKEY_LOG'] === 'debug' && error.stack) terminal.err(error.stack)
    return 1
  }
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(
    ([name, { command }]) => `  ${name.padEnd(width)}  ${(command.meta as { description: string }).description}`,
  )
  return [
    `postkey ${appVersion}: e-mail sign-in that survives real inboxes`,
    '',
    ...lines,
    '',
    'Examples',
    '  postkey dev',
    '  postkey doctor --json',
    '  postkey serve --config /etc/postkey.json',
    '',
    'postkey COMMAND --help tells more. Exit code: 0 done, 1 failed, 2 not understood or not configured.',
  ].join('\n')
}

async function helpOf({ command, examples }: Entry): Promise<string> {
  const usage = await renderUsage(command, defineCommand({ meta: { name: 'postkey' } }))
  return [plainly(usage).trimEnd(), '', 'EXAMPLES', '', ...examples.map((example) => `  ${example}`)].join('\n')
}

/** citty colours its help whether or not anybody can see colours. */
function plainly(usage: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to go
  return usage.replace(/\u001b\[\d+m/g, '').replaceAll('`', '')
}

function misunderstood(terminal: Terminal, what: string, near: string | null, help: string): ExitCode {
  terminal.err(`postkey: ${what}${near ? `; did you mean ${near}?` : ''}`)
  terminal.err(`See: ${help}`)
  return 2
}

function suggestion(given: string, known: readonly string[]): string | null {
  const nearest = closest(given, known as string[])
  return distance(given, nearest) <= 3 ? nearest : null
}

/** citty takes whatever it is given; a mistyped flag would have no effect and nobody would know. */
function firstUnknown(given: readonly string[], args: ArgsDef): { what: string; near: string | null } | null {
  const names = Object.keys(args)
  let words = Object.values(args).filter(({ type }) => type === 'positional').length
  for (let at = 0; at < given.length; at++) {
    const part = given[at] as string
    const name = /^--([^=]+)/.exec(part)?.[1] ?? (part === '-h' ? 'help' : null)
    if (name === null && words-- > 0) continue
    if (name === null) return { what: `"${part}" is not expected here`, near: null }
    const definition = args[name]
    if (!definition) return { what: `there is no flag --${name}`, near: prefixed(suggestion(name, names)) }
    if (definition.type !== 'string' || part.includes('=')) continue
    at += 1
    if (given[at] === undefined || given[at]?.startsWith('--')) return { what: `--${name} needs a value`, near: null }
  }
  return null
}

const prefixed = (name: string | null): string | null => (name === null ? null : `--${name}`)

function flagsOf(given: Readonly<Record<string, unknown>>, args: ArgsDef): Record<string, string | undefined> {
  const flags: Record<string, string | undefined> = {}
  for (const name of Object.keys(args)) {
    if (name in common || args[name]?.type !== 'string') continue
    flags[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())] = stringOf(given[name])
  }
  return flags
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
