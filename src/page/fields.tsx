// The two fields of Postkey. Their attributes decide whether password managers, AutoFill and paste work: change with care.
import type { Child } from 'hono/jsx'
import { fill, words } from './fill.tsx'
import { FieldProblem } from './problem.tsx'
import type { Frame, Problem } from './view.ts'

interface EmailFieldProps {
  readonly frame: Frame
  readonly label: string
  readonly value?: string | undefined
  readonly problem?: Problem | undefined
  readonly autofocus?: boolean | undefined
}

export function EmailField({ frame, label, value, problem, autofocus }: EmailFieldProps) {
  const typo = words(frame).ask.typo
  return (
    <div class="field">
      <label for="email">{label}</label>
      {problem !== undefined && <FieldProblem frame={frame} problem={problem} id="email-problem" />}
      {/* "username" is the token under which password managers keep an address; a pair with "email" is not valid. */}
      <input
        id="email"
        name="email"
        type="email"
        inputmode="email"
        autocomplete="username"
        autocapitalize="off"
        autocorrect="off"
        spellcheck={false}
        dir="ltr"
        required
        value={value}
        autofocus={autofocus}
        aria-invalid={problem === undefined ? undefined : 'true'}
        aria-describedby={problem === undefined ? undefined : 'email-problem'}
        data-email=""
      />
      <p class="hint" role="status" data-typo="">
        <button type="button" class="quiet" hidden>
          {/* One child: a button lays its children out in a row, and the space between them would be lost. */}
          <span>{fill(typo, { address: <bdi dir="ltr"></bdi> })}</span>
        </button>
      </p>
    </div>
  )
}

interface CodeFieldProps {
  readonly frame: Frame
  readonly value?: string | undefined
  readonly problem?: Problem | undefined
  readonly autofocus?: boolean | undefined
}

/**
 * One text field, without `maxlength` (it cuts a pasted "123 456"), `pattern` (it refuses it) or type "number" (it drops
 * leading zeros): server and script read the code with the same function.
 */
export function CodeField({ frame, value, problem, autofocus }: CodeFieldProps) {
  const w = words(frame).check
  const digits = frame.policy.codeLength
  return (
    <div class="field">
      <label for="code">{w.codeLabel({ digits })}</label>
      {problem !== undefined && <FieldProblem frame={frame} problem={problem} id="code-problem" />}
      <input
        id="code"
        name="code"
        type="text"
        inputmode="numeric"
        autocomplete="one-time-code"
        autocapitalize="off"
        autocorrect="off"
        spellcheck={false}
        dir="ltr"
        class="code"
        required
        value={value}
        autofocus={autofocus}
        aria-invalid={problem === undefined ? undefined : 'true'}
        aria-describedby={problem === undefined ? 'code-hint' : 'code-hint code-problem'}
        data-code={digits}
      />
      {/* True only with the script, which shows it. */}
      <p id="code-hint" class="hint" hidden>
        {w.codeHint}
      </p>
    </div>
  )
}

/** A form that posts; `children` hold its fields and its button. */
export function Post({
  frame,
  to,
  children,
  ...data
}: {
  frame: Frame
  to: string
  children: Child
  [data: `data-${string}`]: string | undefined
}) {
  return (
    <form method="post" action={`${frame.basePath}${to}`} {...data}>
      {children}
    </form>
  )
}

export function Hidden({ name, value }: { name: string; value: string }) {
  return <input type="hidden" name={name} value={value} />
}
