// `npm start`: build, then run `postkey dev` in this very process.
import './build.mjs'

// Whoever stops npm stops the shell that npm put around this process, and not this process. Without its shell it ends, too.
const shell = process.ppid
setInterval(() => {
  if (process.ppid !== shell) process.kill(process.pid, 'SIGTERM')
}, 300).unref()

if (process.exitCode === undefined) {
  process.argv.splice(2, 0, 'dev')
  await import('../dist/cli.js')
}
