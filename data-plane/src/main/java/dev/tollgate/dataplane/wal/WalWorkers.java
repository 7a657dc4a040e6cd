package dev.tollgate.dataplane.wal;

/**
 * What works for one log beside those who append to it: it syncs what was appended at most {@link
 * WalSettings#syncEvery} later, tries once a second to make the next segment while the disk was
 * full, and runs what blocks.
 */
interface WalWorkers {

    /** Called once, when the log is open. */
    void start(Wal log);

    /** The first record since the last sync; the log's lock is held. Returns at once. */
    void appended();

    /**
     * Runs the task beside the log; the log's lock is held. Returns at once.
     *
     * @throws java.util.concurrent.RejectedExecutionException after {@link #stop}
     */
    void execute(Runnable task);

    /** Nothing runs any more afterwards. Blocks. */
    void stop();
}
