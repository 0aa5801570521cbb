// The command line as a program sees it: what it prints, on which stream, and with which exit code.
import { main } from '../src/run/command.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  /** What `--json` printed. */
  json<T>(): T
}

export interface CommandLine {
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
  /** What is piped in. */
  readonly input?: string
}

export async function postkey(words: readonly string[], { folder = '.', env = {}, input }: CommandLine = {}): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await main(words, {
    env,
    folder,
    interactive: false,
    ...(input === undefined ? {} : { input: pieces(input) }),
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  })
  return { code, out: out.join('\n'), err: err.join('\n'), json: () => JSON.parse(out.join('\n')) as never }
}

/** As a pipe brings it: cut anywhere. */
async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
}
