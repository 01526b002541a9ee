/** Every kind of source. A new one is a file beside this and a line below. */
import type { SourceDriver } from '../../model/source.js'
import { directorySource } from './directory/directory-source.js'
import { gcsSource } from './gcs/gcs-source.js'
import { gitSource } from './git/git-source.js'
import { githubSource } from './github/github-source.js'
import { httpSource } from './http/http-source.js'
import { npmSource } from './npm/npm-source.js'
import { ociSource } from './oci/oci-source.js'
import { s3Source } from './s3/s3-source.js'

export const sourceDrivers = {
  directory: directorySource,
  gcs: gcsSource,
  git: gitSource,
  github: githubSource,
  http: httpSource,
  npm: npmSource,
  oci: ociSource,
  s3: s3Source,
} as const satisfies Record<string, SourceDriver>
