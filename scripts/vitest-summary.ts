// Ends every run with one line for machines, "N passed, N failed", alone and last. A test that was skipped counts as failed: a
// check that silently does not run is worth less than none. So does a file that could not be loaded.
import { writeSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node'

export default class Summary implements Reporter {
  #partial = false
  #line = '0 passed, 1 failed'

  onInit(vitest: Vitest): void {
    // With `-t` everything else is skipped on purpose.
    this.#partial = vitest.config.testNamePattern !== undefined
    process.once('exit', () => writeSync(1, `${this.#line}\n`))
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    let passed = 0
    let failed = errors.length
    for (const module of modules) {
      let tests = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed += 1
        else if (state === 'failed' || !this.#partial) failed += 1
        tests += 1
      }
      if (tests === 0 && !module.ok()) failed += 1
    }
    // A run that tested nothing is a broken run.
    if (passed === 0 && failed === 0) failed = 1
    this.#line = `${passed} passed, ${failed} failed`
    if (failed > 0) process.exitCode = 1
  }
}
