// What mails to somebody who is signed in say, where that is not what a sign-in mail says.
import type { MailWords } from './mail-en.ts'

type Own = Partial<MailWords>

export const stepUp: Own = {
  subjectWithCode: (code, app) => `${code} confirms that it is you at ${app}`,
  subjectCode: (app) => `Confirm that it is you at ${app}`,
  subjectLink: (app) => `Confirm that it is you at ${app}`,
  codeTitle: 'Confirm that it is you',
  linkTitle: 'Confirm that it is you',
  button: () => 'Confirm that it is me',
  opens: (host) => `The button opens ${host}, and works only in the browser that asked.`,
  linkIntro: () => 'Confirm that it is you with this link, in the browser that asked:',
  asked: (device, app, at) => `Somebody who is signed in to your account at ${app} was asked for this with ${device} at ${at}.`,
  notYou: 'Not you?',
  notYouAction: 'Then somebody else is in your account: sign in, and end all other sessions on the account page.',
}
