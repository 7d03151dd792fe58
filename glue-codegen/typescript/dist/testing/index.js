export { htmlPage, loseAnswer, redirect, repeatAnswer, repeatRequest, status, truncate, } from "./http-faults.js";
export { ManualClock } from "./manual-clock.js";
export { MemoryNetwork } from "./network.js";
export { seededRandom } from "./random.js";
