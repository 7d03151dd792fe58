/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export declare function seededRandom(seed: number): () => number;
