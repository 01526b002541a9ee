/** Every kind of lease. A new one is a file beside this and a line below. */
import type { LeaseDriver } from '../../model/lease.js'
import { folderLease } from './folder-lease.js'
import { s3Lease } from './s3-lease.js'

export const leaseDrivers = { folder: folderLease, s3: s3Lease } as const satisfies Record<
  string,
  LeaseDriver
>
