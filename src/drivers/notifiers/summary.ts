/** A notification in one line, for subjects and headers. */
import type { Notification } from '../../model/notifier.js'
import type { NotificationEvent } from '../../model/config.js'

type Sentence = (project: string, environment: string) => string

const besideTheEnd = {
  downloaded: (project, environment) => `the releases of ${project} for ${environment} are downloaded`,
  switched: (project, environment) => `${project} was switched on ${environment}`,
  waiting: (project, environment) => `a deployment of ${project} to ${environment} waits for a person`,
  available: (project, environment) => `a release of ${project} waits to be deployed to ${environment}`,
  held: (project, environment) => `a release of ${project} is held on ${environment}`,
  drift: (project, environment) => `${project} on ${environment} is not as it was deployed`,
  recovered: (project, environment) => `${project} on ${environment} is watched again after an outage`,
} as const satisfies { readonly [event: string]: Sentence }

const sentences: {
  readonly [command in Notification['command']]: { readonly [e in NotificationEvent]: Sentence }
} = {
  apply: {
    ...besideTheEnd,
    started: (project, environment) => `${project} is being deployed to ${environment}`,
    succeeded: (project, environment) => `${project} was deployed to ${environment}`,
    rolledBack: (project, environment) => `${project} was rolled back on ${environment}`,
    failed: (project, environment) => `${project} was not deployed to ${environment}`,
    stuck: (project, environment) => `${project} on ${environment} is stuck: a person is needed`,
  },
  rollback: {
    ...besideTheEnd,
    started: (project, environment) => `${project} is being rolled back on ${environment}`,
    succeeded: (project, environment) => `${project} was rolled back on ${environment}`,
    rolledBack: (project, environment) => `${project} was rolled back on ${environment}`,
    failed: (project, environment) => `${project} was not rolled back on ${environment}`,
    stuck: (project, environment) => `${project} on ${environment} is stuck: a person is needed`,
  },
  restart: {
    ...besideTheEnd,
    started: (project, environment) => `${project} is being restarted on ${environment}`,
    succeeded: (project, environment) => `${project} was restarted on ${environment}`,
    rolledBack: (project, environment) => `${project} was rolled back on ${environment}`,
    failed: (project, environment) => `${project} was not restarted on ${environment}`,
    stuck: (project, environment) => `${project} on ${environment} is stuck: a person is needed`,
  },
}

export function summaryOf({ command, event, project, environment }: Notification): string {
  return sentences[command][event](project, environment)
}
