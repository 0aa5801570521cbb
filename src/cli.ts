#!/usr/bin/env node
// bin "postkey": hands the real process to run/command.ts and its exit code back.
import { main } from './run/command.ts'

const { stdout, stderr, env } = process

// `postkey --help | head` closes the pipe early, and a server goes on when whoever collected its log has died.
stdout.on('error', () => undefined)
stderr.on('error', () => undefined)

process.exitCode = await main(process.argv.slice(2), {
  env,
  folder: process.cwd(),
  interactive: stdout.isTTY === true && env['CI'] === undefined,
  // Only who wants it opens it: a process that holds its input open does not end.
  get input() {
    return process.stdin
  },
  out: (text) => stdout.write(`${text}\n`),
  err: (text) => stderr.write(`${text}\n`),
})
