/**
 * Every option of every command, as data and as a type: what help shows, what parsing accepts, what completion offers
 * and what commands receive all come from this one table.
 */
import type { ErrorCode } from '../base/deploy-error.js'

/** What a command receives. Options that it does not declare keep their default. */
export interface Options {
  readonly env: string | null
  readonly file: string | null
  readonly json: boolean
  /** Null: decided by the terminal. */
  readonly color: boolean | null
  readonly service: readonly string[]
  readonly out: string | null
  readonly detailedExitcode: boolean
  readonly autoApprove: boolean
  readonly allow: readonly string[]
  readonly lockTimeoutMs: number
  readonly quiet: boolean
  readonly to: string | null
  readonly limit: number
  readonly host: readonly string[]
  readonly limitTo: readonly string[]
  readonly resume: boolean
  readonly unwind: boolean
  readonly reason: string | null
  /** The id of a step of a deployment. */
  readonly step: string | null
  /** An ssh_config instead of the user’s own. */
  readonly sshConfig: string | null
  readonly become: string | null
  readonly showMerged: boolean
  readonly logFormat: string
  readonly watch: boolean
  readonly follow: boolean
  /** Which copy of a service: its number or its name. */
  readonly copy: string | null
  readonly tail: number
  /** Of a freeze; null: until it is lifted. */
  readonly forMs: number | null
  /** Where an HAProxy listens: a port, or an address with one. */
  readonly listen: string
  readonly target: string
  readonly source: string | null
}

export const defaultOptions: Options = {
  env: null,
  file: null,
  json: false,
  color: null,
  service: [],
  out: null,
  detailedExitcode: false,
  autoApprove: false,
  allow: [],
  lockTimeoutMs: 0,
  quiet: false,
  to: null,
  limit: 20,
  host: [],
  limitTo: [],
  resume: false,
  unwind: false,
  reason: null,
  step: null,
  sshConfig: null,
  become: null,
  showMerged: false,
  logFormat: 'json',
  watch: false,
  follow: false,
  copy: null,
  tail: 100,
  forMs: null,
  listen: '80',
  target: 'directory',
  source: null,
}

/** How the text after an option becomes its value. */
export type ValueKind = 'flag' | 'off' | 'text' | 'list' | 'duration' | 'count' | 'choice' | 'choices'

export interface OptionSpec {
  readonly key: keyof Options
  readonly long: string
  readonly short?: string
  /** What stands for the value in help; absent for flags. */
  readonly placeholder?: string
  readonly kind: ValueKind
  readonly description: string
  readonly choices?: readonly string[]
  readonly completes?: 'environments' | 'services' | 'files'
  readonly required?: boolean
}

/** Errors of the command line have one code; named here so that the parser and the commands agree. */
export const usage: ErrorCode = 'USAGE'

export const commonOptions: readonly OptionSpec[] = [
  {
    key: 'env',
    long: '--env',
    short: '-e',
    placeholder: 'NAME',
    kind: 'text',
    description: 'the environment (default: defaultEnvironment of deploy.yaml)',
    completes: 'environments',
  },
  {
    key: 'file',
    long: '--file',
    short: '-f',
    placeholder: 'PATH',
    kind: 'text',
    description: 'the project (default: deploy.yaml here or in a folder above)',
    completes: 'files',
  },
  { key: 'json', long: '--json', kind: 'flag', description: 'one JSON object a line, for programs' },
  { key: 'color', long: '--no-color', kind: 'off', description: 'no colour' },
]

export const serviceOption: OptionSpec = {
  key: 'service',
  long: '--service',
  short: '-s',
  placeholder: 'NAME',
  kind: 'list',
  description: 'only this service; may be repeated',
  completes: 'services',
}

/** Which hosts are meant. */
export const hostOptions: readonly OptionSpec[] = [
  {
    key: 'host',
    long: '--host',
    placeholder: 'NAME',
    kind: 'list',
    description: 'only this host; may be repeated',
  },
  {
    key: 'limitTo',
    long: '--limit',
    placeholder: 'WHICH',
    kind: 'list',
    description: 'only hosts of this group, with this label (zone=a), or so named (web*); may be repeated',
  },
]

/** Of everything a person says that stands above automation. */
export const reasonOption: OptionSpec = {
  key: 'reason',
  long: '--reason',
  placeholder: 'TEXT',
  kind: 'text',
  description: 'why; shown wherever it matters',
  required: true,
}

/** Of a rollback. */
export const toOption: OptionSpec = {
  key: 'to',
  long: '--to',
  placeholder: 'VERSION',
  kind: 'text',
  description: 'the version to go to (default: the previous good one)',
}

/** Of a recovery that is stuck. */
export const leftoversOption: OptionSpec = {
  key: 'allow',
  long: '--allow',
  placeholder: 'RISK',
  kind: 'choices',
  choices: ['leftovers'],
  description: 'leave what cannot be undone as it is, and undo the rest: leftovers',
}

/** Of every command that changes the world. */
export const deployOptions: readonly OptionSpec[] = [
  {
    key: 'autoApprove',
    long: '--auto-approve',
    short: '-y',
    kind: 'flag',
    description: 'do not ask for a yes',
  },
  {
    key: 'allow',
    long: '--allow',
    placeholder: 'RISK',
    kind: 'choices',
    choices: ['irreversible'],
    description: 'allow steps with this risk: irreversible',
  },
  {
    key: 'lockTimeoutMs',
    long: '--lock-timeout',
    placeholder: 'TIME',
    kind: 'duration',
    description: 'wait this long for another deployment to end (default: 0)',
  },
  { key: 'quiet', long: '--quiet', short: '-q', kind: 'flag', description: 'say only how it ended' },
]
