// What mails to somebody who is signed in say, where that is not what a sign-in mail says: the same texts with the same gaps, by purpose.

export const mails = {
  step_up: {
    subjectWithCode: '{code} confirms that it is you at {app}',
    subjectCode: 'Confirm that it is you at {app}',
    subjectLink: 'Confirm that it is you at {app}',
    codeTitle: 'Confirm that it is you',
    linkTitle: 'Confirm that it is you',
    button: 'Confirm at {app}',
    opens: 'The button opens {host}, and works only in the browser that asked.',
    linkIntro: 'Confirm that it is you at {app} with this link, in the browser that asked:',
    asked: 'Somebody who is signed in to your account at {app} was asked for this with {device} at {at}.',
    notYou: 'Not you?',
    notYouAction: 'Then somebody else is in your account: sign in, and end all other sessions on the account page.',
  },
} as const
