/**
 * deploy.yaml as it is written, once merged and interpolated. Made from the schema by `npm run generate`: do not edit.
 */
/* eslint-disable */

/**
 * Text, a number, or true or false.
 */
type Variable = string | number | boolean
/**
 * Where a secret comes from.
 */
type SecretProvider = SecretProviderCommand | SecretProviderEnv | SecretProviderFile
/**
 * Where releases come from.
 */
type Source =
  SourceDirectory | SourceGcs | SourceGit | SourceGithub | SourceHttp | SourceNpm | SourceOci | SourceS3
/**
 * Files on a web server: versions from an index or from a list here, addresses from the index or a template.
 */
type SourceHttp = SourceHttp1 & {
  /**
   * The kind of source.
   */
  type: 'http'
  /**
   * The address of a list of releases: JSON, or text with a line for each (a SHA256SUMS file is one).
   */
  index?: string
  /**
   * The versions there are, where no index lists them.
   *
   * @minItems 1
   *
   * Items: A version.
   */
  versions?: string[]
  /**
   * Where in a JSON index the list is: names with dots between them. Without it, the document is the list.
   */
  list?: string
  /**
   * What the fields of an entry of a JSON index are called; dots lead into objects and lists.
   */
  fields?: {
    /**
     * The version.
     */
    version?: string
    /**
     * The address of the file; it may be relative to the index.
     */
    url?: string
    /**
     * The SHA-256 of the file, in hexadecimal.
     */
    sha256?: string
    /**
     * The size of the file in bytes.
     */
    size?: string
    /**
     * When it was published (ISO 8601).
     */
    publishedAt?: string
  }
  /**
   * What the names in a text index look like. A `v` before the number is accepted.
   */
  pattern?: string
  /**
   * The address of the file of a version; it overrides the addresses in the index.
   */
  url?: string
  /**
   * The address of a checksum file for a version, for when the index has no SHA-256.
   */
  sha256?: string
  /**
   * Headers sent with every request, to the hosts written here and to no other.
   */
  headers?: {
    /**
     * The value of the header.
     */
    [k: string]: string
  }
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify4
}
type SourceHttp1 = {
  [k: string]: unknown
}
/**
 * A health check.
 */
type Check =
  | CheckCommand
  | CheckContainer
  | CheckDisk
  | CheckHttp
  | CheckLoad
  | CheckLog
  | CheckMemory
  | CheckMysql
  | CheckPostgres
  | CheckProcess
  | CheckSystemd
  | CheckTcp
/**
 * Healthy when the load of the host is low enough.
 */
type CheckLoad = CheckLoad1 & {
  /**
   * The kind of check.
   */
  type: 'load'
  /**
   * The highest load, as `uptime` shows it.
   */
  max?: number
  /**
   * The same, divided by the number of cores.
   */
  maxPerCore?: number
  /**
   * The time that the load is an average of.
   */
  over?: '1m' | '5m' | '15m'
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
type CheckLoad1 = {
  [k: string]: unknown
}
/**
 * Healthy when a process is alive: that of a pidfile, or any with this name or command line.
 */
type CheckProcess = CheckProcess1 & {
  /**
   * The kind of check.
   */
  type: 'process'
  /**
   * File whose first word is the number; a relative path starts at the folder of deploy.yaml, on another host at that of the release.
   */
  pidFile?: string
  /**
   * Name of the program, without its folder. With pidFile: what that process has to be.
   */
  name?: string
  /**
   * Pattern found in the command line. With pidFile: in the command line of that process.
   */
  matches?: string
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
type CheckProcess1 = {
  [k: string]: unknown
}
/**
 * Somebody to tell.
 */
type Notifier = NotifierCommand | NotifierSlack | NotifierWebhook
/**
 * A duration such as 500ms, 30s, 5m, 2h, 7d or 1h30m.
 */
type Duration = string

/**
 * deploy.yaml of deployctl for one environment: what should run where, and how it gets there.
 */
export interface WrittenConfig {
  /**
   * The version of this format: 1.
   */
  version: 1
  /**
   * The name of the project.
   */
  project: string
  /**
   * Where deployctl keeps state, locks, journals and history.
   */
  state?: StoreLocal
  /**
   * Values to be used elsewhere as ${var.name}. Environments give them other values.
   */
  variables?: {
    [k: string]: Variable
  }
  /**
   * Where ${secret.NAME} comes from, for names that are not simply variables of the process.
   */
  secrets?: {
    [k: string]: SecretProvider
  }
  /**
   * Where releases come from.
   */
  sources?: {
    [k: string]: Source
  }
  /**
   * What is deployed.
   */
  services: {
    [k: string]: Service
  }
  /**
   * How services are switched that have no strategy of their own.
   */
  strategy?: StrategyBlueGreen | StrategyCanary | StrategyRecreate | StrategyRolling
  /**
   * Machines that are reached over SSH, in groups. Everything that is not said here comes from your ssh_config.
   */
  hosts?: {
    /**
     * A group of hosts: a list, or where a list comes from.
     */
    [k: string]:
      | (
          | string
          | {
              /**
               * What it is called in plans and messages. Its address unless given.
               */
              name?: string
              /**
               * A name, an address, or an alias of your ssh_config.
               */
              address: string
              /**
               * Who logs in. Your ssh_config decides unless given.
               */
              user?: string
              /**
               * Where sshd listens. Your ssh_config decides unless given.
               */
              port?: number
              /**
               * To choose it by: `--limit zone=a`.
               */
              labels?: {
                [k: string]: Variable
              }
              /**
               * In the environment of every command that deployctl runs there, and `${host.variables.X}` in the target and the checks of a service.
               */
              variables?: {
                [k: string]: string | number | boolean
              }
            }
        )[]
      | {
          /**
           * A JSON file with a list of hosts, as it would stand here; relative to deploy.yaml.
           */
          file: string
        }
      | {
          /**
           * A command that prints such a list as JSON; it runs in the folder of deploy.yaml.
           *
           * @minItems 1
           */
          command: string[]
          /**
           * How long the command may take.
           */
          timeout?: string
        }
  }
  /**
   * How hosts are reached. Identities, agents and jump hosts are matters of your ssh_config.
   */
  ssh?: {
    /**
     * An ssh_config to be used instead of your own; relative to deploy.yaml.
     */
    config?: string
    /**
     * How long a connection may take to come about.
     */
    connectTimeout?: string
    /**
     * How often a silent host is asked whether it is still there. After three times without an answer the connection is given up.
     */
    keepAlive?: string
    /**
     * How many connections may be opened at the same moment. A jump host begins to refuse at ten.
     */
    startsAtOnce?: number
  }
  /**
   * What a service must answer to count as healthy, after a switch and after an unwind.
   */
  healthChecks?: {
    [k: string]: Check
  }
  /**
   * Commands that run at moments of a deployment. Hooks of one moment run in the order written here.
   */
  hooks?: {
    [k: string]: Hook
  }
  /**
   * Who is told how deployments go.
   */
  notifiers?: {
    [k: string]: Notifier
  }
  /**
   * How much of what was fetched is kept. What a recorded release needs is kept whatever it says; the rest goes, the least recently used first.
   */
  cache?: {
    /**
     * How large it may be.
     */
    maxSize?: string
    /**
     * How long something may lie there unused.
     */
    maxAge?: string
  }
  /**
   * What `deployctl agent` does by itself, and when.
   */
  agent?: {
    /**
     * `auto` deploys what is due; `approve` deploys it once a person says so (`deployctl approve`); `notify` tells the notifiers, and a person deploys it.
     */
    mode?: 'auto' | 'approve' | 'notify'
    /**
     * How often every source is asked (default: 10s, and 30s for oci).
     */
    interval?: string
    /**
     * The same for single sources.
     */
    intervals?: {
      [k: string]: Duration
    }
    /**
     * What becomes of drift: put right, told, or left.
     */
    repair?: 'auto' | 'notify' | 'off'
    /**
     * Which way a deployment that was interrupted is taken: to its end, or back. Where that way is closed, the other.
     */
    recover?: 'resume' | 'unwind'
    /**
     * When releases may be deployed; none means always. Drift is put right at any time.
     *
     * Items: A time of the week in which releases may be deployed.
     */
    windows?: {
      /**
       * The days on which it begins.
       *
       * @minItems 1
       */
      days?: ('mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun')[]
      /**
       * When it begins.
       */
      from?: string
      /**
       * When it ends; before `from`, it is a time of the next day.
       */
      to?: string
      /**
       * The time zone of both, as the tz database calls it.
       */
      timeZone?: string
    }[]
    /**
     * How a release that failed is tried again.
     */
    retry?: {
      /**
       * How often in all; after that it stays held until a person tries it.
       */
      tries?: number
      /**
       * A duration such as 500ms, 30s, 5m, 2h, 7d or 1h30m.
       */
      delay?: string
    }
    /**
     * The status page, the API, metrics and health over HTTP. Without it nothing listens but the control socket.
     */
    http?: {
      /**
       * The address to listen on. Anything but loopback shows the page to the network.
       */
      host?: string
      /**
       * The port to listen on; 0 takes a free one, which the log says.
       */
      port?: number
      /**
       * What callers have to know. Without it one is made, and kept in the file `token` of the folder of the agent.
       */
      token?: string
    }
    /**
     * How the agents of several hosts deploy a release one after the other. All of them name the same lease.
     */
    waves?: {
      /**
       * Where the hosts write who deploys now and how a release does on them.
       */
      lease: LeaseFolder | LeaseS3
      /**
       * How many hosts may deploy at once.
       */
      maxParallel?: number
      /**
       * What the others call this host; no two may have one name. Without it, the name of the machine.
       */
      host?: string
      /**
       * Hosts that go first. The others begin a release once it serves well on every one of these.
       */
      canaries?: string[]
      /**
       * A duration such as 500ms, 30s, 5m, 2h, 7d or 1h30m.
       */
      soak?: string
      /**
       * A duration such as 500ms, 30s, 5m, 2h, 7d or 1h30m.
       */
      expiry?: string
    }
  }
  /**
   * How many steps may run at once.
   */
  parallelism?: number
  /**
   * What is unwound when a step fails: the whole deployment, or the failed service and those that depend on it.
   */
  onFailure?: 'deployment' | 'service'
}
/**
 * State in a folder of this machine.
 */
interface StoreLocal {
  /**
   * A folder on this machine.
   */
  type: 'local'
  /**
   * The folder of state, locks, journals and history; a relative path starts at the folder of deploy.yaml.
   */
  path?: string
}
/**
 * What a command prints, without its last line end.
 */
interface SecretProviderCommand {
  /**
   * A command.
   */
  type: 'command'
  /**
   * The program and its arguments, run in the folder of deploy.yaml without a shell.
   *
   * @minItems 1
   */
  run: string[]
  /**
   * How long the command may take.
   */
  timeout?: string
}
/**
 * A variable of the environment deployctl runs in.
 */
interface SecretProviderEnv {
  /**
   * A variable of the environment.
   */
  type: 'env'
  /**
   * The variable's name; the secret's own name unless given.
   */
  name?: string
}
/**
 * The content of a file, without its last line end.
 */
interface SecretProviderFile {
  /**
   * A file.
   */
  type: 'file'
  /**
   * The file; a relative path starts at the folder of deploy.yaml.
   */
  path: string
}
/**
 * A folder whose entries are releases: sub-folders, or archives.
 */
interface SourceDirectory {
  /**
   * The kind of source.
   */
  type: 'directory'
  /**
   * The folder. A relative path starts at the folder of deploy.yaml.
   */
  path: string
  /**
   * What the names of entries look like. A `v` before the number is accepted; the ending of an archive may be left out.
   */
  pattern?: string
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * Objects of a bucket of Google Cloud Storage.
 */
interface SourceGcs {
  /**
   * The kind of source.
   */
  type: 'gcs'
  /**
   * The name of the bucket.
   */
  bucket: string
  /**
   * The folder of the bucket in which the releases are. Without it, the whole bucket.
   */
  prefix?: string
  /**
   * What the names of releases look like, below the prefix: a file name, or folders and a file name. `{version}` may come more than once; a `v` before a number is accepted.
   */
  pattern: string
  /**
   * The file with the key of a service account, or any other credentials file of Google's. Without it: GOOGLE_APPLICATION_CREDENTIALS, gcloud's own login, the metadata server of the machine.
   */
  keyFile?: string
  /**
   * Read a public bucket without logging in.
   */
  anonymous?: boolean
  /**
   * The address of an emulator or another server. Without it, STORAGE_EMULATOR_HOST, then Google. Nothing but a keyFile is used to log in there.
   */
  endpoint?: string
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify1
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify1 {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * The tags of a git repository: each is checked out by its commit, and built if you say how.
 */
interface SourceGit {
  /**
   * The kind of source.
   */
  type: 'git'
  /**
   * Where the repository is: any address that git takes (https, ssh, file, a path).
   */
  repository: string
  /**
   * What a release tag looks like. A `v` before the number is accepted and not part of the version.
   */
  pattern?: string
  /**
   * The user that belongs to the token; most servers take any.
   */
  user?: string
  /**
   * The token for an https repository. Without it, git asks its credential helpers.
   */
  token?: string
  /**
   * Whether submodules are checked out too, and theirs.
   */
  submodules?: boolean
  /**
   * Fetch only the commit itself, without its history. Turn it off for builds that read the history.
   */
  shallow?: boolean
  /**
   * Commands that make the release out of the checkout, each an argument list, run in the checkout in this order. DEPLOYCTL_VERSION and DEPLOYCTL_COMMIT are set.
   */
  build?: string[][]
  /**
   * How long each build command may take.
   */
  buildTimeout?: string
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify2
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify2 {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * The releases of a GitHub repository: each is one of the files attached to it.
 */
interface SourceGithub {
  /**
   * The kind of source.
   */
  type: 'github'
  /**
   * The owner and the name of the repository.
   */
  repository: string
  /**
   * The name of the attached file that is deployed, with {version}, {tag}, {os} and {arch} where they stand in it. {os} and {arch} are those of this machine, in any of their usual spellings. Without it, the first plan shows the names there are.
   */
  asset?: string
  /**
   * What a release tag looks like. A `v` before the number is accepted and not part of the version.
   */
  tag?: string
  /**
   * The token to read with. Without it, GH_TOKEN or GITHUB_TOKEN; public repositories need none, but one raises the rate limit.
   */
  token?: string
  /**
   * The address of the API of a GitHub Enterprise server. Plain http is for this machine only.
   */
  baseUrl?: string
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify3
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify3 {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify4 {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * A package of an npm registry: its versions are the releases, its tarball is the artifact.
 */
interface SourceNpm {
  /**
   * The kind of source.
   */
  type: 'npm'
  /**
   * The name of the package, with its scope if it has one.
   */
  package: string
  /**
   * The address of the registry. Without it, npm's own configuration decides (npm_config_registry, .npmrc of the project and of the user, with scopes).
   */
  registry?: string
  /**
   * The token to log in with. Without it, the logins in npm's configuration are used.
   */
  token?: string
  /**
   * Offer only the version that this dist-tag stands for. Without it, tags (`latest` too) change nothing: the versions themselves decide.
   */
  distTag?: string
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify5
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify5 {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * A repository of an OCI registry: its tags are the releases, images or artifacts (ORAS).
 */
interface SourceOci {
  /**
   * The kind of source.
   */
  type: 'oci'
  /**
   * The registry and the repository, without a tag. Without a registry it is docker.io, as for Docker.
   */
  image: string
  /**
   * What the tags of releases look like; a `v` before the number is accepted and not part of the version. Without {version} it is one tag, which is followed wherever it is moved.
   */
  tag?: string
  /**
   * The platform to choose where a tag has several: system/processor, and a variant if need be. Without it, that of this machine.
   */
  platform?: string
  /**
   * Deploy only artifacts of this type; anything else under a tag is refused.
   */
  artifactType?: string
  /**
   * Which layer is the release, by its title (the name that it was pushed under): * stands for anything, {version} for the version. An artifact with one layer needs none.
   */
  layer?: string
  /**
   * Which layer is the release, by its media type; * stands for anything.
   */
  mediaType?: string
  /**
   * The user to log in as. Without it, the logins in Docker's configuration are used.
   */
  username?: string
  /**
   * The password of the user, or an access token that the registry takes in its place.
   */
  password?: string
  /**
   * A bearer token that the registry itself takes, instead of a user and a password (rare: most want it as a password).
   */
  token?: string
  /**
   * Whether to speak plain HTTP, which anybody on the way can read and change. Without it, only with this machine.
   */
  insecure?: boolean
  /**
   * What to do when the tag of what is deployed names other content now: redeploy it as a new release, do so with a warning in the plan, or refuse to plan.
   */
  retag?: 'redeploy' | 'warn' | 'refuse'
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify6
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify6 {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * Objects of a bucket of Amazon S3, or of any server that speaks its language.
 */
interface SourceS3 {
  /**
   * The kind of source.
   */
  type: 's3'
  /**
   * The name of the bucket.
   */
  bucket: string
  /**
   * The region of the bucket. Without it, AWS_REGION, or that of the profile; servers other than Amazon usually take any.
   */
  region?: string
  /**
   * The address of a server other than Amazon.
   */
  endpoint?: string
  /**
   * Whether the bucket is named in the path (https://host/bucket) and not in the host name. Without it, true for an endpoint and false for Amazon.
   */
  pathStyle?: boolean
  /**
   * The profile of the AWS configuration files to log in with.
   */
  profile?: string
  /**
   * The access key to log in with. Without it, what AWS tools find: environment, profile, container, instance.
   */
  accessKeyId?: string
  /**
   * The secret that belongs to the access key.
   */
  secretAccessKey?: string
  /**
   * The token that belongs to a temporary access key.
   */
  sessionToken?: string
  /**
   * The folder of the bucket in which the releases are. Without it, the whole bucket.
   */
  prefix?: string
  /**
   * What the keys of releases look like, below the prefix: a file name, or folders and a file name. `{version}` may come more than once; a `v` before a number is accepted.
   */
  pattern: string
  /**
   * Read a public bucket without logging in.
   */
  anonymous?: boolean
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * How long after its publication a version may be without its artifact before that is an error.
   */
  gracePeriod?: string
  verify?: Verify7
}
/**
 * How its releases are proven before anything of them is unpacked.
 */
interface Verify7 {
  /**
   * The digest of each version.
   */
  digest?: {
    /**
     * sha256: or sha512: and the hexadecimal digits; for git, sha1: and the commit.
     */
    [k: string]: string
  }
  /**
   * A file of checksums beside the release, as sha256sum or shasum --tag write it; a map with file where the list has a signature of its own.
   */
  checksums?:
    | string
    | {
        /**
         * The name of the file, with {version} where it stands in it.
         */
        file: string
        /**
         * A minisign signature by this key.
         */
        minisign?: {
          /**
           * The public key: the second line of minisign.pub.
           */
          publicKey?: string
          /**
           * The file of the public key; a relative path starts at the folder of deploy.yaml.
           */
          publicKeyFile?: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
           */
          signature?: string
          /**
           * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
           */
          legacy?: boolean
        }
        /**
         * An OpenPGP signature by a key of this keyring, checked with gpgv.
         */
        gpg?: {
          /**
           * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
           */
          keyring: string
          /**
           * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
           */
          signature?: string
        }
        /**
         * A sigstore bundle by this identity, checked offline against a trusted root.
         */
        sigstore?: {
          /**
           * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
           */
          bundle?: string
          /**
           * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
           */
          identity: string
          /**
           * Who vouched for that identity.
           */
          issuer: string
          /**
           * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
           */
          trustedRoot: string
        }
      }
  /**
   * A minisign signature by this key.
   */
  minisign?: {
    /**
     * The public key: the second line of minisign.pub.
     */
    publicKey?: string
    /**
     * The file of the public key; a relative path starts at the folder of deploy.yaml.
     */
    publicKeyFile?: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .minisig unless given.
     */
    signature?: string
    /**
     * Whether signatures of the old kind, over the file itself and not its hash, are accepted as well.
     */
    legacy?: boolean
  }
  /**
   * An OpenPGP signature by a key of this keyring, checked with gpgv.
   */
  gpg?: {
    /**
     * The file with the public keys, as gpg --export writes it, with or without --armor; a relative path starts at the folder of deploy.yaml.
     */
    keyring: string
    /**
     * The name of the signature beside the file, with {version} where it stands in it; the name of the file and .asc or .sig unless given.
     */
    signature?: string
  }
  /**
   * A sigstore bundle by this identity, checked offline against a trusted root.
   */
  sigstore?: {
    /**
     * The name of the bundle beside the file, with {version} where it stands in it; the name of the file and .sigstore.json or .sigstore unless given.
     */
    bundle?: string
    /**
     * Who must have signed: the whole name in the certificate, with {version} where it stands in it; * stands for any text.
     */
    identity: string
    /**
     * Who vouched for that identity.
     */
    issuer: string
    /**
     * The file with the authorities and logs to trust (trusted_root.json); a relative path starts at the folder of deploy.yaml.
     */
    trustedRoot: string
  }
  /**
   * Whether a release without such a proof is refused. A wrong proof is refused either way.
   */
  required?: boolean
}
/**
 * A deployable unit: which releases it gets, where it runs, and how it is switched and checked.
 */
interface Service {
  /**
   * The name of the source its releases come from.
   */
  source: string
  /**
   * Which release a service gets: an exact version, a range of its scheme, or latest. The newest match wins.
   */
  version?: string
  /**
   * How versions are written and ordered: semver, or a calendar format in the tokens of calver.org.
   */
  scheme?: string
  /**
   * Whether versions such as 2.0.0-rc.1 count: true for all, or a channel such as beta for those of its name.
   */
  prerelease?: boolean | string
  /**
   * How long ago a version must have been published. Until then, what runs stays.
   */
  minAge?: string
  /**
   * Versions that are never deployed: exact ones, and ranges.
   */
  deny?: string[]
  /**
   * Whether a range may lead to an older version than the one that runs, when there is no newer match.
   */
  allowDowngrade?: boolean
  /**
   * Services that are deployed before this one.
   */
  dependsOn?: string[]
  /**
   * Where it runs.
   */
  target: TargetContainer | TargetDirectory | TargetProcess
  /**
   * How it is switched from the old release to the new one. Without it, the strategy of the project.
   */
  strategy?: StrategyBlueGreen | StrategyCanary | StrategyRecreate | StrategyRolling
  /**
   * The names of the health checks it must pass. Without it, all of them; [] for none.
   */
  healthChecks?: string[]
}
/**
 * Containers on a Docker engine.
 */
interface TargetContainer {
  /**
   * A container target.
   */
  type: 'container'
  /**
   * The image, for a service whose source does not give images. Without it, the source’s image is run, by its digest. A tag that is moved afterwards is not noticed.
   */
  image?: string
  /**
   * The hosts it runs on: names of groups and of hosts below `hosts:`. Without it, the machine deployctl runs on.
   */
  hosts?: string | string[]
  /**
   * How many containers run on each host.
   */
  replicas?: number
  /**
   * The port that the program listens on, inside its container: for the router and for checks.
   */
  port?: number
  /**
   * What sends traffic to the containers, and moves it from the old ones to the new ones.
   */
  router?: {
    [k: string]: unknown
  }
  /**
   * How long a container may take to end by itself, after its stop signal, before it is killed.
   */
  stopTimeout?: string
  /**
   * How many releases that served well stay on the engine as images, the serving one among them, to roll back to.
   */
  keepReleases?: number
  /**
   * The engine. Without it: DOCKER_HOST, else the current Docker context, else /var/run/docker.sock.
   */
  engine?: {
    [k: string]: unknown
  }
  /**
   * The platform to run, where an image is there for several; the engine’s own unless given.
   */
  platform?: string
  /**
   * When to ask the registry: only for an image that the engine does not have, always (for tags that are moved), or never.
   */
  pull?: 'missing' | 'always' | 'never'
  /**
   * The login for the registry. Without it, the logins in Docker’s configuration on this machine are used.
   */
  login?: {
    /**
     * The user.
     */
    username: string
    /**
     * The password, or a token that the registry takes in its place.
     */
    password: string
  }
  /**
   * The command, in place of the image’s; arguments of the entrypoint where there is one.
   *
   * @minItems 1
   */
  command?: string[]
  /**
   * The program, in place of the image’s entrypoint.
   *
   * @minItems 1
   */
  entrypoint?: string[]
  /**
   * Environment variables. A reference to a secret is replaced when the container starts, and stands in no label; whoever may use the engine can read the values there.
   */
  env?: {
    [k: string]: string
  }
  /**
   * Files of NAME=value lines, read on this machine when a container starts; later ones win, and env: over all. A change in a file alone is no new release.
   *
   * @minItems 1
   */
  envFiles?: string[]
  /**
   * Files to put into the container before it starts, by their absolute path: text that may refer to secrets. They belong to its user where that is a number, else to root, and nobody else may read them.
   */
  secretFiles?: {
    [k: string]: string
  }
  /**
   * Ports to publish on the host, [address:][hostPort:]port[/protocol]. A port of the host belongs to one container at a time, so there is a gap whenever one takes another’s place; a router has none.
   *
   * @minItems 1
   */
  ports?: string[]
  /**
   * Folders or files of the engine’s host to be seen in the container.
   *
   * @minItems 1
   */
  mounts?: {
    /**
     * A folder or file of the engine’s host that is there already.
     */
    source: string
    /**
     * Where it is in the container.
     */
    path: string
    /**
     * Whether the container may only read it.
     */
    readOnly?: boolean
  }[]
  /**
   * Named volumes by their path in the container. They are made when they are not there, shared by all copies and releases, and never removed.
   */
  volumes?: {
    [k: string]: string
  }
  /**
   * Networks of the engine to be in; they have to be there. The first is the one that checks and the router use. The engine’s default network unless given.
   *
   * @minItems 1
   */
  networks?: string[]
  /**
   * Whom the program runs as, in place of the image’s user: name or number, and a group.
   */
  user?: string
  /**
   * Where the program starts, in place of the image’s folder.
   */
  workingDir?: string
  /**
   * Labels for other tools. Those that begin with deployctl. are deployctl’s own.
   */
  labels?: {
    [k: string]: string
  }
  /**
   * The health check that the engine runs inside, in place of the image’s HEALTHCHECK.
   */
  healthcheck?: {
    [k: string]: unknown
  }
  /**
   * The signal that asks the program to end, in place of the image’s (TERM unless it says another).
   */
  stopSignal?: string
  /**
   * Whether a tiny init runs first, which passes signals on and clears ended children away.
   */
  init?: boolean
  /**
   * When the engine itself starts the container again: after it ended, and after the machine restarted.
   */
  restartPolicy?: string
  /**
   * The most memory; beyond it, the kernel ends the program. At least 6MiB.
   */
  memory?: string
  /**
   * How many processors’ time it may use, in all.
   */
  cpus?: number
  /**
   * The most processes and threads.
   */
  pids?: number
  /**
   * Limits of the kernel for each process, by their names; one number, or soft and hard. -1 is none.
   */
  ulimits?: {
    [k: string]:
      | number
      | {
          /**
           * Where it begins.
           */
          soft: number
          /**
           * How far the program may raise it.
           */
          hard: number
        }
  }
  /**
   * Whether the container’s own file system can only be read; volumes and mounts can still be written.
   */
  readOnly?: boolean
  /**
   * Capabilities to add to those that the engine gives.
   *
   * @minItems 1
   */
  capAdd?: string[]
  /**
   * Capabilities to take away; ALL for all of them.
   *
   * @minItems 1
   */
  capDrop?: string[]
  /**
   * Security options as docker run takes them.
   *
   * @minItems 1
   */
  securityOpt?: string[]
  /**
   * Where the container’s output goes; as the engine is configured unless given.
   */
  logging?: {
    /**
     * A log driver of the engine.
     */
    driver: string
    /**
     * What the driver wants to know.
     */
    options?: {
      [k: string]: string
    }
  }
}
/**
 * Release folders behind a `current` link, on a machine’s own disk.
 */
interface TargetDirectory {
  /**
   * A directory target.
   */
  type: 'directory'
  /**
   * The folder that holds `releases/`, `shared/` and the link `current`. A relative path starts at the folder of deploy.yaml. It is made when it is not there.
   */
  path: string
  /**
   * The hosts it runs on: names of groups and of hosts below `hosts:`. Without it, the machine deployctl runs on.
   */
  hosts?: string | string[]
  /**
   * Files, and folders (with a `/` at the end), that all releases have in common: each is kept in `shared/` and linked into every release. What the first release ships there becomes the shared one.
   */
  shared?: string[]
  /**
   * How many releases that served well stay on disk, the serving one among them, to roll back to. Failed ones do not count.
   */
  keepReleases?: number
  /**
   * How the program learns of the new release, right after the link was switched; and again, after it was switched back.
   */
  restart?: {
    [k: string]: unknown
  }
  /**
   * Whom the files of a release belong to, `user` or `user:group`, by name or number. Giving them to somebody else takes root.
   */
  owner?: string
  /**
   * Bits that the files and folders of a release do not get, whatever its archive says, as `umask` has them.
   */
  umask?: string
  /**
   * Do it as another user, by sudo: a name, or a name and the password that sudo asks for. The other user runs /bin/sh.
   */
  become?:
    | string
    | {
        /**
         * Whom to become.
         */
        user?: string
        /**
         * What sudo asks for; usually a secret. It reaches sudo by its input, never as an argument.
         */
        password: string
      }
  /**
   * How a release reaches a host: `archive` sends all of it, compressed; `delta` sends only the files that differ from the release that serves there, which are compared by their hashes, and copies the rest on the host; `pull` lets the host fetch the archive itself, by an address that its source gives (http, s3).
   */
  transfer?: 'archive' | 'delta' | 'pull'
  /**
   * How many leading folders of the archive’s paths to leave out; as many as the source says unless given.
   */
  strip?: number
  /**
   * Patterns of what to unpack; everything unless given. They see the paths after `strip`.
   *
   * @minItems 1
   */
  include?: string[]
}
/**
 * Server mode: deployctl runs the app itself, on this machine. It holds the listening sockets and hands them to each release, so that no connection is refused while releases change.
 */
interface TargetProcess {
  /**
   * A process target.
   */
  type: 'process'
  /**
   * The folder that holds `releases/`, `shared/` and the link `current`. A relative path starts at the folder of deploy.yaml. It is made when it is not there.
   */
  path: string
  /**
   * Files, and folders (with a `/` at the end), that all releases have in common: each is kept in `shared/` and linked into every release. What the first release ships there becomes the shared one.
   */
  shared?: string[]
  /**
   * How many releases that served well stay on disk, the serving one among them, to roll back to. Failed ones do not count.
   */
  keepReleases?: number
  /**
   * Whom the files of a release belong to, `user` or `user:group`, by name or number. Giving them to somebody else takes root.
   */
  owner?: string
  /**
   * How many leading folders of the archive’s paths to leave out; as many as the source says unless given.
   */
  strip?: number
  /**
   * Patterns of what to unpack; everything unless given. They see the paths after `strip`.
   *
   * @minItems 1
   */
  include?: string[]
  /**
   * The program and its arguments. A program with a slash in its name is looked for in the release, any other in PATH.
   *
   * @minItems 1
   */
  command: string[]
  /**
   * Where the app listens: addresses with a port, and Unix sockets. deployctl opens them and hands them over as SERVER_STARTER_PORT, and as LISTEN_FDS with LISTEN_PID, in this order, from descriptor 3 on.
   */
  listen?: (
    | string
    | {
        /**
         * The path of a Unix socket; its folder has to be there.
         */
        unix: string
        /**
         * Who may connect, as the mode of the socket’s file.
         */
        mode?: string
      }
  )[]
  /**
   * How many processes run side by side, all with the same sockets.
   */
  workers?: number
  /**
   * Environment variables. Beside these, the app gets PATH and the language of deployctl’s own environment, and nothing else. A reference to a secret is replaced at the start and kept in memory only.
   */
  env?: {
    [k: string]: string
  }
  /**
   * The user it runs as, `user` or `user:group`, by name or number; without a group, with those that the user has. Another user than who deploys takes root.
   */
  user?: string
  /**
   * The folder it starts in, inside the release.
   */
  workingDirectory?: string
  /**
   * The mask for files that it makes; that of deployctl unless given.
   */
  umask?: string
  /**
   * Limits of the kernel for each process, by the names that prlimit has for them; one number, or soft and hard.
   */
  limits?: {
    [k: string]:
      | number
      | {
          /**
           * Where it begins.
           */
          soft: number
          /**
           * How far the program may raise it.
           */
          hard: number
        }
  }
  /**
   * What asks it to finish what it is doing, accept nothing more, and end.
   */
  stopSignal?: 'TERM' | 'INT' | 'QUIT' | 'HUP' | 'USR1' | 'USR2' | 'WINCH'
  /**
   * How long it may take to end after that signal before it is killed.
   */
  stopTimeout?: string
  /**
   * How long a new release must be up on the real sockets, beside the old one, before the old one is asked to end. At least as long as it needs to start: until it accepts connections, they wait.
   */
  settle?: string
  /**
   * A process that ends by itself is started again, ever later. Beyond this limit the release is given up, and the one that served before it serves again.
   */
  restarts?: {
    /**
     * How many ends are put up with.
     */
    limit?: number
    /**
     * Within which time.
     */
    within?: string
  }
  /**
   * Who holds the sockets and keeps the app up: a small process of deployctl for each service, or systemd, by socket and service units that deployctl writes. systemd starts the app again after a reboot by itself; its logs are in the journal.
   */
  supervisor?: 'deployctl' | 'systemd'
  /**
   * Whether the app ends, in order, when `deployctl agent` is told to by a signal; it is started again by the repair of the next one. For an agent that is the first process of a container. A reload, or a kill, leaves it running all the same.
   */
  endWithAgent?: boolean
  /**
   * Standard output and error go to `log/<release>.log` below `path`. A file that grows beyond its size is copied to `.1` and emptied.
   */
  log?: {
    /**
     * How large the file may grow.
     */
    maxSize?: string
    /**
     * How many older parts are kept.
     */
    keep?: number
    /**
     * Whether what the app says also goes to the log of the agent, line by line.
     */
    agent?: boolean
  }
}
/**
 * All new instances are started beside the old ones and checked; then one switch moves all traffic.
 */
interface StrategyBlueGreen {
  /**
   * The kind of strategy.
   */
  type: 'blue-green'
  /**
   * How long new instances must stay healthy before they get traffic.
   */
  minHealthyTime?: string
  /**
   * Time in which new instances must become healthy. Without it, the deadline of each health check.
   */
  healthyDeadline?: string
  /**
   * How long instances that lost their traffic may take to finish what they are doing, before they are stopped.
   */
  drain?: string
  /**
   * How long the old instances stay up without traffic, so that a rollback is one switch. The first plan after that stops them.
   */
  keepWarm?: string
  /**
   * How long the new instances are watched after the switch: one that ends, is started again and again or fails its checks unwinds the deployment.
   */
  monitor?: string
  /**
   * How many hosts change at the same time: a number, or a percentage of all.
   */
  batch?: number | string
  /**
   * How long to wait after each batch of hosts but the last; then their checks have to be passed once more.
   */
  wait?: string
  /**
   * The hosts that change before all others, in a batch of their own: how many, or those with a label. When one of them fails, everything is unwound.
   */
  canary?: number | string
  /**
   * How many hosts may fail: each of them is unwound alone and left with its old release, and the next apply tries it again. One more unwinds everything. A number, or a percentage of all hosts.
   */
  maxFailures?: number | string
  /**
   * What becomes of a deployment when a host does not answer: it is not begun, or the host is left out and brought up to date by the next apply that reaches it.
   */
  unreachable?: 'fail' | 'skip'
}
/**
 * The new instances get a part of the traffic, step by step, and are watched; a failure gives all of it back to the old ones.
 */
interface StrategyCanary {
  /**
   * The kind of strategy.
   */
  type: 'canary'
  /**
   * What happens before the new instances get all traffic, in this order.
   *
   * @minItems 1
   *
   * Items: One of weight, pause and approval.
   */
  steps: {
    /**
     * Percent of the traffic for all new instances together, more than before.
     */
    weight?: number
    /**
     * Waits so long, and watches the new instances meanwhile.
     */
    pause?: string
    /**
     * Waits for `deployctl approve`, and watches the new instances meanwhile; `deployctl abort` gives all traffic back.
     */
    approval?: true
    /**
     * How long an approval may take. Unapproved by then, the deployment is undone.
     */
    deadline?: string
  }[]
  /**
   * How long new instances must stay healthy before they get traffic.
   */
  minHealthyTime?: string
  /**
   * Time in which new instances must become healthy. Without it, the deadline of each health check.
   */
  healthyDeadline?: string
  /**
   * How long instances that lost their traffic may take to finish what they are doing, before they are stopped.
   */
  drain?: string
  /**
   * How long the old instances stay up without traffic, so that a rollback is one switch. The first plan after that stops them.
   */
  keepWarm?: string
  /**
   * How long the new instances are watched after the switch: one that ends, is started again and again or fails its checks unwinds the deployment.
   */
  monitor?: string
  /**
   * How many hosts change at the same time: a number, or a percentage of all.
   */
  batch?: number | string
  /**
   * How long to wait after each batch of hosts but the last; then their checks have to be passed once more.
   */
  wait?: string
  /**
   * The hosts that change before all others, in a batch of their own: how many, or those with a label. When one of them fails, everything is unwound.
   */
  canary?: number | string
  /**
   * How many hosts may fail: each of them is unwound alone and left with its old release, and the next apply tries it again. One more unwinds everything. A number, or a percentage of all hosts.
   */
  maxFailures?: number | string
  /**
   * What becomes of a deployment when a host does not answer: it is not begun, or the host is left out and brought up to date by the next apply that reaches it.
   */
  unreachable?: 'fail' | 'skip'
}
/**
 * The old instances are stopped before the new ones are started: for what must not run twice. Nothing serves in between.
 */
interface StrategyRecreate {
  /**
   * The kind of strategy.
   */
  type: 'recreate'
  /**
   * Time in which new instances must become healthy. Without it, the deadline of each health check.
   */
  healthyDeadline?: string
  /**
   * How long instances that lost their traffic may take to finish what they are doing, before they are stopped.
   */
  drain?: string
  /**
   * How long the new instances are watched after the switch: one that ends, is started again and again or fails its checks unwinds the deployment.
   */
  monitor?: string
  /**
   * How many hosts change at the same time: a number, or a percentage of all.
   */
  batch?: number | string
  /**
   * How long to wait after each batch of hosts but the last; then their checks have to be passed once more.
   */
  wait?: string
  /**
   * The hosts that change before all others, in a batch of their own: how many, or those with a label. When one of them fails, everything is unwound.
   */
  canary?: number | string
  /**
   * How many hosts may fail: each of them is unwound alone and left with its old release, and the next apply tries it again. One more unwinds everything. A number, or a percentage of all hosts.
   */
  maxFailures?: number | string
  /**
   * What becomes of a deployment when a host does not answer: it is not begun, or the host is left out and brought up to date by the next apply that reaches it.
   */
  unreachable?: 'fail' | 'skip'
}
/**
 * A few instances at a time, host by host: stage, start, check, switch, stop the old ones; the next begin when these are healthy.
 */
interface StrategyRolling {
  /**
   * The kind of strategy.
   */
  type: 'rolling'
  /**
   * How many instances more than `replicas` may run meanwhile: a number or a percentage.
   */
  maxSurge?: number | string
  /**
   * How many instances fewer than `replicas` may serve meanwhile: a number or a percentage.
   */
  maxUnavailable?: number | string
  /**
   * How long new instances must stay healthy before they get traffic.
   */
  minHealthyTime?: string
  /**
   * Time in which new instances must become healthy. Without it, the deadline of each health check.
   */
  healthyDeadline?: string
  /**
   * Time in which the next instances must get traffic, from the moment they begin to start. It begins anew with each batch; when it is over the deployment is undone.
   */
  progressDeadline?: string
  /**
   * How long instances that lost their traffic may take to finish what they are doing, before they are stopped.
   */
  drain?: string
  /**
   * How long the new instances are watched after the switch: one that ends, is started again and again or fails its checks unwinds the deployment.
   */
  monitor?: string
  /**
   * How many hosts change at the same time: a number, or a percentage of all.
   */
  batch?: number | string
  /**
   * How long to wait after each batch of hosts but the last; then their checks have to be passed once more.
   */
  wait?: string
  /**
   * The hosts that change before all others, in a batch of their own: how many, or those with a label. When one of them fails, everything is unwound.
   */
  canary?: number | string
  /**
   * How many hosts may fail: each of them is unwound alone and left with its old release, and the next apply tries it again. One more unwinds everything. A number, or a percentage of all hosts.
   */
  maxFailures?: number | string
  /**
   * What becomes of a deployment when a host does not answer: it is not begun, or the host is left out and brought up to date by the next apply that reaches it.
   */
  unreachable?: 'fail' | 'skip'
}
/**
 * Healthy when the command exits with 0. It runs inside the instance where the target is one of containers.
 */
interface CheckCommand {
  /**
   * The kind of check.
   */
  type: 'command'
  /**
   * Program and arguments, run without a shell.
   *
   * @minItems 1
   */
  run?: string[]
  /**
   * A line for /bin/sh -c, instead of run.
   */
  shell?: string
  /**
   * Where it runs: the folder of deploy.yaml, or the folder of the checked release. Without it, release where there is such a folder.
   */
  directory?: 'project' | 'release'
  /**
   * Where it runs: on the host of the service, or on the machine that deployctl runs on; there where directory is project.
   */
  at?: 'host' | 'controller'
  /**
   * Variables for the command, beside DEPLOYCTL_*. Values may be secrets.
   */
  env?: {
    [k: string]: string
  }
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when the engine calls the container healthy; without a HEALTHCHECK, when it runs.
 */
interface CheckContainer {
  /**
   * The kind of check.
   */
  type: 'container'
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when the file system of a path has at least this much room.
 */
interface CheckDisk {
  /**
   * The kind of check.
   */
  type: 'disk'
  /**
   * Any path on the file system; a relative one starts at the folder of deploy.yaml, on another host at that of the release.
   */
  path?: string
  /**
   * Room for ordinary users that must be left: a size, or a percentage as df counts it.
   */
  minFree: string
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when a page answers with an expected status, and with the headers and text asked for.
 */
interface CheckHttp {
  /**
   * The kind of check.
   */
  type: 'http'
  /**
   * Address to ask, without a user or password.
   */
  url?: string
  /**
   * Page to ask of each instance itself, instead of url, where the target runs instances: before it gets any traffic. Elsewhere, with port: a page of the host of the service.
   */
  path?: string
  /**
   * With path: a port of the host of the service, or another port of an instance than the one it serves on.
   */
  port?: number
  /**
   * From where it is asked: the host of the service, through the connection to it, or the machine that deployctl runs on.
   */
  at?: 'host' | 'controller'
  /**
   * How it is asked. Nothing is sent as a body.
   */
  method?: 'GET' | 'HEAD' | 'POST' | 'OPTIONS'
  /**
   * Headers to send, Host included. Values may be secrets.
   */
  headers?: {
    [k: string]: string
  }
  /**
   * Status codes that are well: one, a range, or a list of these.
   */
  status?: number | string | (number | string)[]
  /**
   * Headers the answer must have, exactly; * stands for any text.
   */
  expectHeaders?: {
    [k: string]: string
  }
  /**
   * Text that the first 64 KiB of the answer must contain.
   */
  contains?: string
  /**
   * Regular expression that must match in the first 64 KiB; ^ and $ match at every line.
   */
  matches?: string
  /**
   * Whether a redirect is the answer, or followed (at most 5 times).
   */
  redirects?: 'none' | 'follow'
  /**
   * How an https address is trusted.
   */
  tls?: {
    /**
     * PEM file of the authority to trust; a relative path starts at the folder of deploy.yaml.
     */
    ca?: string
    /**
     * Accept any certificate.
     */
    insecure?: boolean
    /**
     * Name to ask for and to expect in the certificate, when the address has another.
     */
    serverName?: string
  }
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy as long as no line that matches was written to a log since the deployment began to switch.
 */
interface CheckLog {
  /**
   * The kind of check.
   */
  type: 'log'
  /**
   * The log file; a relative path starts in the folder of the release.
   */
  file?: string
  /**
   * Instead of a file: the journal of a systemd unit.
   */
  unit?: string
  /**
   * Whether it is a unit of the user’s own service manager.
   */
  user?: boolean
  /**
   * What no new line may match: an extended regular expression, as `grep -E` has it.
   */
  without: string
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when the machine has at least this much memory available.
 */
interface CheckMemory {
  /**
   * The kind of check.
   */
  type: 'memory'
  /**
   * Memory that must be available: a size, or a percentage of all.
   */
  minAvailable: string
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when a MySQL database answers a query, asked from the host of the service.
 */
interface CheckMysql {
  /**
   * The kind of check.
   */
  type: 'mysql'
  /**
   * The address of the database, mysql://user:password@host/name; usually a secret.
   */
  url?: string
  /**
   * The file with the application’s own settings, on its host; a relative path starts in the folder of the release. It is read, never run.
   */
  envFile?: string
  /**
   * The variable of that file that holds the address.
   */
  variable?: string
  /**
   * Instead of it: the variables that hold the parts of the address.
   */
  variables?: {
    /**
     * The variable with the host of the database.
     */
    host?: string
    /**
     * The variable with the port of the database.
     */
    port?: string
    /**
     * The variable with the user of the database.
     */
    user?: string
    /**
     * The variable with the password of the database.
     */
    password?: string
    /**
     * The variable with the database of the database.
     */
    database?: string
  }
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when a PostgreSQL database answers a query, asked from the host of the service.
 */
interface CheckPostgres {
  /**
   * The kind of check.
   */
  type: 'postgres'
  /**
   * The address of the database, postgres://user:password@host/name; usually a secret.
   */
  url?: string
  /**
   * The file with the application’s own settings, on its host; a relative path starts in the folder of the release. It is read, never run.
   */
  envFile?: string
  /**
   * The variable of that file that holds the address.
   */
  variable?: string
  /**
   * Instead of it: the variables that hold the parts of the address.
   */
  variables?: {
    /**
     * The variable with the host of the database.
     */
    host?: string
    /**
     * The variable with the port of the database.
     */
    port?: string
    /**
     * The variable with the user of the database.
     */
    user?: string
    /**
     * The variable with the password of the database.
     */
    password?: string
    /**
     * The variable with the database of the database.
     */
    database?: string
  }
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when a systemd unit is active on the host of the service.
 */
interface CheckSystemd {
  /**
   * The kind of check.
   */
  type: 'systemd'
  /**
   * The unit; `.service` may be left out.
   */
  unit: string
  /**
   * Whether it is a unit of the user’s own service manager (`systemctl --user`).
   */
  user?: boolean
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * Healthy when a TCP connection to the port is accepted.
 */
interface CheckTcp {
  /**
   * The kind of check.
   */
  type: 'tcp'
  /**
   * Name or address to connect to, IPv6 included. Without it, the instance itself where the target runs instances, else the host of the service.
   */
  host?: string
  /**
   * Port to connect to. Without it, that of the instance.
   */
  port?: number
  /**
   * From where: the host of the service, or the machine that deployctl runs on, which then connects to the address of the host.
   */
  at?: 'host' | 'controller'
  /**
   * Time between two probes.
   */
  interval?: string
  /**
   * Time one probe may take.
   */
  timeout?: string
  /**
   * Good answers in a row that make the service healthy.
   */
  healthyAfter?: number
  /**
   * Time for all probes together; when it has passed, the deployment has failed and is unwound.
   */
  deadline?: string
}
/**
 * A command that runs at one moment of a deployment.
 */
interface Hook {
  /**
   * The moment at which it runs.
   */
  when:
    | 'beforeDeploy'
    | 'beforeStart'
    | 'beforeSwitch'
    | 'afterSwitch'
    | 'afterDeploy'
    | 'onFailure'
    | 'beforeRollback'
    | 'afterRollback'
  /**
   * The service it belongs to; beforeStart, beforeSwitch and afterSwitch need one. Without it, the hook runs once per deployment.
   */
  service?: string
  /**
   * Program and arguments, run without a shell.
   *
   * @minItems 1
   */
  run?: string[]
  /**
   * A line for /bin/sh -c, instead of run.
   */
  shell?: string
  /**
   * The command that undoes it when the deployment is unwound: arguments, or a map with run or shell.
   */
  revert?:
    | string[]
    | {
        /**
         * Program and arguments, run without a shell.
         *
         * @minItems 1
         */
        run?: string[]
        /**
         * A line for /bin/sh -c, instead of run.
         */
        shell?: string
      }
  /**
   * Why it cannot be undone. The plan shows it, and apply refuses it without --allow irreversible.
   */
  irreversible?: string
  /**
   * Time it may take; then it is ended, with everything it started.
   */
  timeout?: string
  /**
   * Whether a failure fails the deployment, which is then unwound, or is only reported.
   */
  onFailure?: 'abort' | 'continue'
  /**
   * Where it runs: the folder of deploy.yaml, or the folder of the new release. Without it, release for a hook of a service from beforeStart on, unless it is at the controller, project otherwise. On another machine, project stands for the home folder, with become for /.
   */
  directory?: 'project' | 'release'
  /**
   * On which machine it runs: the host of its service, or the one that deployctl runs on. Without it, host where directory is release, controller otherwise.
   */
  at?: 'host' | 'controller'
  /**
   * Whether it runs once, on the first host where it runs on one, or for every host of its service.
   */
  each?: 'deployment' | 'host'
  /**
   * Do it as another user, by sudo: a name, or a name and the password that sudo asks for. The other user runs /bin/sh.
   */
  become?:
    | string
    | {
        /**
         * Whom to become.
         */
        user?: string
        /**
         * What sudo asks for; usually a secret. It reaches sudo by its input, never as an argument.
         */
        password: string
      }
  /**
   * Variables for the command, beside DEPLOYCTL_*. Values may be secrets.
   */
  env?: {
    [k: string]: string
  }
}
/**
 * Runs a command with every notification as JSON on its standard input.
 */
interface NotifierCommand {
  /**
   * The kind of notifier.
   */
  type: 'command'
  /**
   * Program and arguments, run without a shell in the folder of deploy.yaml.
   *
   * @minItems 1
   */
  run?: string[]
  /**
   * A line for /bin/sh -c, instead of run.
   */
  shell?: string
  /**
   * Variables for the command, beside DEPLOYCTL_*. Values may be secrets.
   */
  env?: {
    [k: string]: string
  }
  /**
   * What it is told of.
   */
  events?: (
    | 'started'
    | 'downloaded'
    | 'switched'
    | 'waiting'
    | 'succeeded'
    | 'failed'
    | 'rolledBack'
    | 'stuck'
    | 'available'
    | 'held'
    | 'drift'
    | 'recovered'
  )[]
}
/**
 * Posts a message to a Slack channel.
 */
interface NotifierSlack {
  /**
   * The kind of notifier.
   */
  type: 'slack'
  /**
   * Address of an incoming webhook. Whoever knows it can post, so keep it as a secret.
   */
  url: string
  /**
   * What it is told of.
   */
  events?: (
    | 'started'
    | 'downloaded'
    | 'switched'
    | 'waiting'
    | 'succeeded'
    | 'failed'
    | 'rolledBack'
    | 'stuck'
    | 'available'
    | 'held'
    | 'drift'
    | 'recovered'
  )[]
}
/**
 * Posts every notification as JSON to an address.
 */
interface NotifierWebhook {
  /**
   * The kind of notifier.
   */
  type: 'webhook'
  /**
   * Address to post to.
   */
  url: string
  /**
   * More headers to send. Values may be secrets.
   */
  headers?: {
    [k: string]: string
  }
  /**
   * Key of the HMAC-SHA256 signature that is then sent as X-Deployctl-Signature.
   */
  secret?: string
  /**
   * What it is told of.
   */
  events?: (
    | 'started'
    | 'downloaded'
    | 'switched'
    | 'waiting'
    | 'succeeded'
    | 'failed'
    | 'rolledBack'
    | 'stuck'
    | 'available'
    | 'held'
    | 'drift'
    | 'recovered'
  )[]
}
/**
 * A lease in a folder that all hosts reach: NFS, or any other disk that knows hard links.
 */
interface LeaseFolder {
  /**
   * The kind of lease.
   */
  type: 'folder'
  /**
   * The folder; a relative path starts at the folder of deploy.yaml. It may be shared by projects.
   */
  path: string
}
/**
 * A lease in a bucket of Amazon S3, or of any server that speaks its language and honours conditional writes.
 */
interface LeaseS3 {
  /**
   * The kind of lease.
   */
  type: 's3'
  /**
   * The name of the bucket.
   */
  bucket: string
  /**
   * The region of the bucket. Without it, AWS_REGION, or that of the profile; servers other than Amazon usually take any.
   */
  region?: string
  /**
   * The address of a server other than Amazon.
   */
  endpoint?: string
  /**
   * Whether the bucket is named in the path (https://host/bucket) and not in the host name. Without it, true for an endpoint and false for Amazon.
   */
  pathStyle?: boolean
  /**
   * The profile of the AWS configuration files to log in with.
   */
  profile?: string
  /**
   * The access key to log in with. Without it, what AWS tools find: environment, profile, container, instance.
   */
  accessKeyId?: string
  /**
   * The secret that belongs to the access key.
   */
  secretAccessKey?: string
  /**
   * The token that belongs to a temporary access key.
   */
  sessionToken?: string
  /**
   * The folder of the bucket in which leases are.
   */
  prefix?: string
}
