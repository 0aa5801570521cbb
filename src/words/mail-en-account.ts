// What mails to somebody who is signed in say, where that is not what a sign-in mail says.
import type { MailWords } from './mail-en.ts'

type Own = Partial<MailWords>

/** Goes to the new address. */
export const changeEmail: Own = {
  subjectWithCode: (code, app) => `${code} confirms your new address at ${app}`,
  subjectCode: (app) => `Confirm your new address at ${app}`,
  subjectLink: (app) => `Confirm your new address at ${app}`,
  codeTitle: 'Confirm your new address',
  linkTitle: 'Confirm your new address',
  button: () => 'Change my address',
  opens: (host) => `The button opens ${host}, and works only in the browser that asked.`,
  linkIntro: () => 'Confirm your new address with this link, in the browser that asked:',
  asked: (device, app, at) =>
    `Somebody who is signed in to ${app} asked with ${device} at ${at} to change the address of their account to this one.`,
  notYouAction: 'Ignore this mail. Without it nothing is changed.',
}

/** Goes to the old address, where that has to agree. */
export const leaveEmail: Own = {
  ...changeEmail,
  subjectWithCode: (code, app) => `${code} agrees to another address at ${app}`,
  subjectCode: (app) => `Agree to another address at ${app}`,
  subjectLink: (app) => `Agree to another address at ${app}`,
  codeTitle: 'Agree to another address',
  linkTitle: 'Agree to another address',
  button: () => 'Agree to the change',
  linkIntro: () => 'Agree to the change with this link, in the browser that asked:',
  asked: (device, app, at) =>
    `Somebody who is signed in to your account at ${app} asked with ${device} at ${at} to change its address to another one.`,
  notYou: 'Not you?',
  notYouAction: 'Then somebody else is in your account: take the change back with the link of the other mail.',
}

/** The notice to the old address. */
export const undoEmail: Own = {
  subjectLink: (app) => `Your address at ${app} is to be changed`,
  linkTitle: 'Your address is to be changed',
  notice:
    'If that was you, nothing has to be done. If it was not, take the change back: this address is good again, everybody who is signed in is signed out, and what was mailed to the other address is void.',
  button: () => 'Take the change back',
  opens: (host) => `The button opens ${host}, in any browser.`,
  linkLife: (duration, until) => `It works for ${duration}, until ${until}, also after the change.`,
  linkIntro: () => 'Take the change back with this link, in any browser:',
  asked: (device, app, at) =>
    `Somebody who is signed in to your account at ${app} asked with ${device} at ${at} to change its address to another one.`,
  notYou: 'Not you?',
  notYouAction: 'Then somebody else is in your account: take the change back now.',
}

/** Goes to an address that somebody else asked to have, and that is its owner's. */
export const addressTaken: Own = {
  subjectLink: (app) => `Somebody asked for your address at ${app}`,
  linkTitle: 'Somebody asked for your address',
  notice: 'It belongs to your account, so nothing was changed, and nothing will be. Whoever asked was not told that you have an account.',
  asked: (device, app, at) =>
    `Somebody who is signed in to another account at ${app} asked with ${device} at ${at} to change its address to this one.`,
  notYou: 'Was it you?',
  notYouAction: 'Then sign in with this address: it has an account already.',
}

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
