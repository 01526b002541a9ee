/** Every state store, held to the contract. */
import { localStore } from '../../src/drivers/stores/local/local-store.js'
import { localWorld } from '../drivers/stores/local/local-world.js'
import { stateStoreContract } from './state-store.contract.js'

stateStoreContract(localStore, localWorld)
