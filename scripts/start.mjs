// `npm start`: build, then run `postkey dev` in this very process, so that a signal sent to npm's child stops the server and not
// just a shell around it.
import './build.mjs'

if (process.exitCode === undefined) {
  process.argv.splice(2, 0, 'dev')
  await import('../dist/cli.js')
}
