package dev.tollgate.dataplane.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tollgate.policy.budget.LeaseTotals;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A kill is played by a copy of the files while the log is open: what a mapped page holds is what a
 * killed process leaves.
 */
class WalTest {

    private static final String ACCOUNT =
            "team-a/monthly//2026-11-01T00:00:00Z--2026-12-01T00:00:00Z";
    private static final int SEGMENT_BYTES = 256 * 1024;

    @TempDir Path directory;

    private int copies;

    private static WalSettings settings(Path path) {
        return WalSettings.in(path).withSegmentBytes(SEGMENT_BYTES, 4L * SEGMENT_BYTES);
    }

    private Wal open() throws IOException {
        return Wal.open(settings(directory.resolve("log")));
    }

    /** The files as a kill at this moment leaves them. */
    private Path killed() throws IOException {
        var copy = directory.resolve("copy-" + copies++);
        copy(directory.resolve("log"), copy);
        return copy;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (var file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static void grant(Wal wal, long micros) {
        assertThat(wal.append(new LogRecord.Grant(ACCOUNT, micros, 1))).isPositive();
    }

    private static long intend(Wal wal, long nanos) {
        return intend(wal, "req_1", 1, nanos);
    }

    private static long intend(Wal wal, String request, int attempt, long nanos) {
        var holds = List.of(new LogRecord.Hold(ACCOUNT, nanos));
        var number =
                wal.append(
                        new LogRecord.Intent(
                                request(request),
                                new LogRecord.Try(attempt, "openai", "gpt-4o-mini", "test", nanos),
                                holds));
        assertThat(number).isPositive();
        return number;
    }

    private static LogRecord.Request request(String id) {
        return new LogRecord.Request(
                id,
                1_764_000_000_000L,
                "team-a",
                "sa:team-a/chatbot",
                Map.of("feature", "search"),
                "openai-chat",
                "team-a/chat/default",
                "priority",
                "fast",
                true);
    }

    private static void settle(Wal wal, long intent, long nanos) {
        var charges = List.of(new LogRecord.Charge(ACCOUNT, nanos, 0));
        wal.append(new LogRecord.Settle(intent, nanos, false, charges));
    }

    private static LeaseTotals totals(Wal wal, long epoch) {
        var totals = wal.totals(ACCOUNT, epoch);
        assertThat(totals).isNotNull();
        return totals;
    }

    private static Path newest(Path path) throws IOException {
        // the last one may be made in advance and empty
        return FileDirectory.segments(path).stream()
                .filter(file -> !isEmpty(file))
                .reduce((a, b) -> b)
                .orElseThrow();
    }

    private static boolean isEmpty(Path file) {
        try (var segment = FileDirectory.open(file, false)) {
            return segment.isZeroFrom(0);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<Segment.Frame> frames(Path file, List<Integer> offsets) throws IOException {
        var frames = new ArrayList<Segment.Frame>();
        try (var segment = FileDirectory.open(file, false)) {
            var at = 0;
            for (var frame = segment.read(0); frame != null; frame = segment.read(at)) {
                offsets.add(at);
                frames.add(frame);
                at = frame.next();
            }
        }
        return frames;
    }

    private static void overwrite(Path file, long offset, int... bytes) throws IOException {
        try (var random = new RandomAccessFile(file.toFile(), "rw")) {
            random.seek(offset);
            for (var b : bytes) {
                random.write(b);
            }
        }
    }

    @Test
    void settlesWhatAKillLeftOpenAtItsHoldAndClosesTheLease() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, 400_000), 123_456);
            intend(wal, 300_001);
            try (var again = Wal.open(settings(killed()))) {
                assertThat(again.recovered().damage()).isNull();
                assertThat(again.recovered().proven()).isTrue();
                assertThat(again.recovered().settledAtHold()).isOne();
                assertThat(again.openIntents()).isZero();
                var totals = totals(again, 1);
                // 123,456 + 300,001 nano-USD, rounded up once
                assertThat(totals.settledMicros()).isEqualTo(424);
                assertThat(totals.closed()).isTrue();
                assertThat(again.holder().bootEpoch()).isEqualTo(2);
            }
        }
    }

    @Test
    void givesTheSameTotalsHoweverOftenTheReplayIsKilled() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, 400_000), 123_456);
            intend(wal, 300_001);
            var path = killed();
            for (var i = 0; i < 20; i++) {
                var next = directory.resolve("again-" + i);
                Files.createDirectories(next);
                try (var again = Wal.open(settings(path))) {
                    assertThat(totals(again, 1).settledMicros()).isEqualTo(424);
                    assertThat(totals(again, 1).closed()).isTrue();
                    try (var files = Files.list(path)) {
                        for (var file : files.toList()) {
                            Files.copy(file, next.resolve(file.getFileName()));
                        }
                    }
                }
                path = next;
            }
        }
    }

    @Test
    void anOrderlyEndLeavesNothingToSettle() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, 400_000), 400_000);
        }
        try (var again = open()) {
            assertThat(again.recovered().damage()).isNull();
            assertThat(again.recovered().proven()).isTrue();
            assertThat(again.recovered().settledAtHold()).isZero();
            assertThat(totals(again, 1).settledMicros()).isEqualTo(400);
        }
    }

    @Test
    void aSecondSettlementChangesNothing() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            var intent = intend(wal, 400_000);
            settle(wal, intent, 100_000);
            settle(wal, intent, 400_000);
            assertThat(totals(wal, 1).settledMicros()).isEqualTo(100);
        }
    }

    @Test
    void aRecordThatWasBeingWrittenIsCut() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, 400_000), 100_000);
            intend(wal, 300_000);
            var path = killed();
            var offsets = new ArrayList<Integer>();
            frames(newest(path), offsets);
            // the length is stored last: zero means that the kill came before it
            overwrite(newest(path), offsets.getLast(), 0, 0, 0, 0);
            try (var again = Wal.open(settings(path))) {
                assertThat(again.recovered().damage()).isNull();
                assertThat(again.recovered().proven()).isTrue();
                assertThat(again.recovered().settledAtHold()).isZero();
                assertThat(totals(again, 1).settledMicros()).isEqualTo(100);
            }
        }
    }

    @Test
    void damageInTheMiddleIsToldAndItsLeasesStayCharged() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, 400_000), 100_000);
            settle(wal, intend(wal, 300_000), 200_000);
            var path = killed();
            var offsets = new ArrayList<Integer>();
            frames(newest(path), offsets);
            overwrite(newest(path), offsets.get(offsets.size() - 3) + 20, 0x5a, 0x5a, 0x5a);
            try (var again = Wal.open(settings(path))) {
                assertThat(again.recovered().proven()).isFalse();
                assertThat(again.recovered().damage()).contains("broken at byte");
                // no proof, so nothing is closed: the ledger keeps the whole slice charged
                assertThat(again.totals()).noneMatch(LeaseTotals::closed);
                grant(again, 500);
                settle(again, intend(again, 100_000), 100_000);
            }
            try (var files = Files.list(path)) {
                assertThat(files).anyMatch(file -> file.toString().endsWith(".damaged"));
            }
        }
    }

    @Test
    void tellsWhichRequestsHaveNoRecordUntilEachHasOne() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, "req_done", 1, 100_000), 50_000);
            wal.append("req_done", "{}".getBytes(UTF_8));
            settle(wal, intend(wal, "req_between", 1, 100_000), 60_000);
            settle(wal, intend(wal, "req_open", 1, 100_000), 0);
            intend(wal, "req_open", 2, 200_000);
            intend(wal, "req_recorded", 1, 100_000);
            wal.append("req_recorded", "{}".getBytes(UTF_8));
            var first = directory.resolve("first");
            try (var again = Wal.open(settings(killed()))) {
                assertThat(again.recovered().settledAtHold()).isEqualTo(2);
                assertThat(again.interrupted())
                        .extracting(call -> call.request().id())
                        .containsExactly("req_between", "req_open");
                var open = again.interrupted().getLast();
                assertThat(open.request()).isEqualTo(request("req_open"));
                assertThat(open.tries())
                        .extracting(Interrupted.Tried::costNanos)
                        .as("what cost nothing is left out")
                        .containsExactly(200_000L);
                assertThat(open.tries())
                        .extracting(Interrupted.Tried::assumed)
                        .containsExactly(true);
                assertThat(open.tries().getLast().budgets()).containsExactly("team-a/monthly");
                again.append("req_between", "{}".getBytes(UTF_8));
                copy(directory.resolve("copy-0"), first);
            }
            // killed again before it had written the second one
            try (var third = Wal.open(settings(first))) {
                assertThat(third.interrupted())
                        .singleElement()
                        .satisfies(
                                call -> {
                                    assertThat(call.request().id()).isEqualTo("req_open");
                                    assertThat(call.tries()).hasSize(1);
                                });
                third.append("req_open", "{}".getBytes(UTF_8));
            }
            try (var fourth = Wal.open(settings(first))) {
                assertThat(fourth.interrupted()).isEmpty();
            }
        }
    }

    @Test
    void aRequestWhoseClientLeftBeforeItsMoneyCameHasOneRecord() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            wal.append("req_left", "{}".getBytes(UTF_8));
            settle(wal, intend(wal, "req_left", 1, 100_000), 0);
            try (var again = Wal.open(settings(killed()))) {
                assertThat(again.interrupted()).isEmpty();
            }
        }
    }

    @Test
    void keepsRunningRequestsOverManySegments() throws Exception {
        try (var wal = open()) {
            grant(wal, 200_000);
            intend(wal, "req_long", 1, 5_000_000);
            intend(wal, "req_told", 1, 3_000_000);
            wal.append("req_told", "{}".getBytes(UTF_8));
            for (var i = 0; i < 5_000; i++) {
                settle(wal, intend(wal, "req_" + i, 1, 9_000), 7_001);
                wal.append("req_" + i, "{}".getBytes(UTF_8));
                if (i % 100 == 0) {
                    await().pollDelay(Duration.ZERO).until(wal::nextReady);
                }
            }
            try (var again = Wal.open(settings(killed()))) {
                assertThat(again.recovered().settledAtHold()).isEqualTo(2);
                assertThat(again.interrupted())
                        .extracting(call -> call.request().id())
                        .containsExactly("req_long");
            }
        }
    }

    /** Many settlements of 7,001 nano-dollars, over more than one segment, and a kill. */
    private Path killedAfterManySettlements() throws IOException {
        try (var wal = open()) {
            grant(wal, 200_000);
            for (var i = 0; FileDirectory.segments(directory.resolve("log")).size() < 4; i++) {
                settle(wal, intend(wal, "req_" + i, 1, 9_000), 7_001);
                wal.append("req_" + i, "{}".getBytes(UTF_8));
                if (i % 100 == 0) {
                    await().pollDelay(Duration.ZERO).until(wal::nextReady);
                }
            }
            settle(wal, intend(wal, "req_last", 1, 9_000), 7_001);
            assertThat(wal.dropped()).isZero();
            return killed();
        }
    }

    /** Writes its first record, the checkpoint, anew, with less settled, and leaves the rest. */
    private static void settleLess(Path segment, long nanos) throws IOException {
        try (var file = FileDirectory.open(segment, true)) {
            var frames = new ArrayList<Segment.Frame>();
            var records = new ArrayList<LogRecord>();
            for (var frame = file.read(0); frame != null; frame = file.read(frame.next())) {
                frames.add(frame);
                records.add(LogCodec.decode(frame.record()));
            }
            var state = ((LogRecord.Checkpoint) records.getFirst()).state();
            var before = new LogState();
            before.apply(1, records.getFirst());
            var settled =
                    before.spent().get(new LogSums.Of(ACCOUNT, before.epoch())).settledNanos();
            var numbers = ByteBuffer.wrap(state);
            var at = 0;
            while (numbers.getLong(at) != settled) {
                at++;
            }
            numbers.putLong(at, settled - nanos);
            records.set(0, new LogRecord.Checkpoint(state));
            file.truncate(0);
            for (var i = 0; i < records.size(); i++) {
                var codec = new LogCodec();
                var bytes = codec.encode(records.get(i));
                file.append(frames.get(i).number(), bytes, codec.length());
            }
        }
    }

    @Test
    void theTotalsOfAStartAreTheSettlementsOfTheLog() throws IOException {
        var killed = killedAfterManySettlements();
        try (var again = Wal.open(settings(killed))) {
            assertThat(again.mistold()).isZero();
            assertThat(again.undercharged()).isZero();
            assertThat(again.recovered().proven()).isTrue();
        }
        settleLess(newest(killed), 0);
        try (var again = Wal.open(settings(killed))) {
            assertThat(again.mistold()).as("the same checkpoint").isZero();
        }
    }

    @Test
    void aCheckpointThatLacksASettlementBeforeItIsToldAndProvesNothing() throws IOException {
        var killed = killedAfterManySettlements();
        settleLess(newest(killed), 1);
        try (var again = Wal.open(settings(killed))) {
            assertThat(again.mistold()).isOne();
            assertThat(again.recovered().proven()).isFalse();
            assertThat(totals(again, 1).closed()).as("its rest stays charged").isFalse();
        }
    }

    @Test
    void sumsOfSettlementsAreThoseOfTheLeasesToTheNanoDollar() {
        var state = new LogState();
        var records =
                List.of(
                        new LogRecord.Boot(1, "kernel"),
                        new LogRecord.Grant(ACCOUNT, 1_000, 1),
                        new LogRecord.Intent(
                                request("req_1"),
                                new LogRecord.Try(1, "openai", "gpt-4o-mini", "test", 900),
                                List.of(new LogRecord.Hold(ACCOUNT, 900))));
        var sums = new LogSums(state);
        for (var i = 0; i < records.size(); i++) {
            state.apply(i + 1L, records.get(i));
            sums.add(i + 1L, records.get(i));
        }
        var settle =
                new LogRecord.Settle(
                        3, 1_000, false, List.of(new LogRecord.Charge(ACCOUNT, 900, 100)));
        state.apply(4, settle);
        assertThat(sums.are(state.spent())).as("one has it, the other has not").isFalse();
        assertThat(sums.areIn(state.spent())).as("the log could not take it").isTrue();
        sums.add(4, settle);
        assertThat(sums.are(state.spent())).isTrue();
        state.apply(5, settle);
        sums.add(5, settle);
        assertThat(sums.are(state.spent())).as("twice is once").isTrue();

        var lease = new LogSums.Of(ACCOUNT, 1);
        for (var other : List.of(new LogSums.Spent(901, 100), new LogSums.Spent(900, 101))) {
            assertThat(sums.are(Map.of(lease, other))).isFalse();
            assertThat(sums.areIn(Map.of(lease, other))).isTrue();
        }
        for (var other : List.of(new LogSums.Spent(899, 101), new LogSums.Spent(901, 99))) {
            assertThat(sums.areIn(Map.of(lease, other))).isFalse();
        }
        assertThat(sums.are(Map.of())).as("a lease is gone").isFalse();
        assertThat(sums.areIn(Map.of())).as("it may be forgotten").isTrue();
        sums.add(6, new LogRecord.Forget(ACCOUNT, 1));
        assertThat(sums.are(Map.of())).isTrue();
    }

    @Test
    void anAttemptThatIsChargedLessThanItCostsIsCounted() throws IOException {
        var other = ACCOUNT.replace("team-a", "team-b");
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, 400_000), 400_000);
            var above = List.of(new LogRecord.Charge(ACCOUNT, 90_000, 10_000));
            wal.append(new LogRecord.Settle(intend(wal, 90_000), 100_000, false, above));
            assertThat(wal.undercharged()).isZero();

            var less = List.of(new LogRecord.Charge(ACCOUNT, 99_999, 0));
            wal.append(new LogRecord.Settle(intend(wal, 100_000), 100_000, false, less));
            assertThat(wal.undercharged()).isEqualTo(1);
            var foreign = List.of(new LogRecord.Charge(other, 100_000, 0));
            wal.append(new LogRecord.Settle(intend(wal, 100_000), 100_000, false, foreign));
            assertThat(wal.undercharged()).isEqualTo(2);
            var free = intend(wal, 100_000);
            wal.append(new LogRecord.Settle(free, 0, false, List.of()));
            assertThat(wal.undercharged()).as("it cost nothing").isEqualTo(2);
        }
    }

    @Test
    void refusesADirectoryThatIsInUse() throws IOException {
        try (var wal = open()) {
            assertThat(wal.failure()).isNull();
            assertThatThrownBy(this::open).isInstanceOf(IOException.class);
        }
    }

    @Test
    void keepsTotalsAndOpenIntentsOverManySegmentsAndDeletesTheOldest() throws Exception {
        try (var wal = open()) {
            grant(wal, 200_000);
            var first = intend(wal, 5_000_000);
            var settled = 0L;
            for (var i = 0; i < 20_000; i++) {
                settle(wal, intend(wal, "req_" + i, 1, 9_000), 7_001);
                settled += 7_001;
                wal.append("req_" + i, ("{\"n\":" + i + "}").getBytes(UTF_8));
                if (i % 100 == 0) {
                    // the test writes faster than any traffic: the next segment has to be there
                    await().pollDelay(Duration.ZERO).until(wal::nextReady);
                }
            }
            assertThat(wal.dropped()).isZero();
            wal.sync();
            await().untilAsserted(
                            () ->
                                    assertThat(FileDirectory.segments(directory.resolve("log")))
                                            .hasSizeBetween(2, 4));
            try (var again = Wal.open(settings(killed()))) {
                assertThat(again.recovered().damage()).isNull();
                assertThat(again.recovered().proven()).isTrue();
                assertThat(again.recovered().settledAtHold()).isOne();
                assertThat(totals(again, 1).settledMicros())
                        .isEqualTo(Math.ceilDiv(settled + 5_000_000, 1_000));
                assertThat(again.recent(1))
                        .singleElement()
                        .satisfies(
                                json ->
                                        assertThat(new String(json, UTF_8))
                                                .isEqualTo("{\"n\":19999}"));
            }
            settle(wal, first, 1_000_000);
            assertThat(totals(wal, 1).settledMicros())
                    .isEqualTo(Math.ceilDiv(settled + 1_000_000, 1_000));
        }
    }

    @Test
    void usageRecordsOfALogInUseCanBeRead() throws IOException {
        try (var wal = open()) {
            wal.append("req_1", "{\"a\":1}".getBytes(UTF_8));
            wal.append("req_2", "{\"a\":2}".getBytes(UTF_8));
            var read = new ArrayList<String>();
            Wal.readUsage(directory.resolve("log"), json -> read.add(new String(json, UTF_8)));
            assertThat(read).containsExactly("{\"a\":1}", "{\"a\":2}");
            assertThat(wal.recent(1)).hasSize(1);
        }
    }

    @Test
    void aLogWithoutTheFileOfItsHolderProvesNothing() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            settle(wal, intend(wal, 400_000), 100_000);
            var path = killed();
            Files.delete(path.resolve("holder"));
            try (var again = Wal.open(settings(path))) {
                assertThat(again.recovered().proven()).isFalse();
                assertThat(again.totals()).isEmpty();
                assertThat(again.holder().logId()).isNotEqualTo(wal.holder().logId());
            }
        }
    }

    /** A failed sync is not tried again: a second one would say that all is well. */
    @Test
    void aLogThatCouldNotBeSyncedProvesNothingAfterAKill() throws IOException {
        for (var seed = 0; seed < 4; seed++) {
            var disk = new SimulatedDisk("log", Arena.ofAuto(), new Random(seed));
            var wal = disk.open((delay, task) -> {});
            grant(wal, 1_000);
            wal.sync();
            disk.failing(true);
            settle(wal, intend(wal, 500_000), 400_000);
            wal.sync();
            disk.failing(false);
            wal.sync();
            assertThat(wal.failure()).contains("EIO");
            disk.killed();
            var again = disk.open((delay, task) -> {});
            assertThat(again.recovered().proven()).isFalse();
            assertThat(totals(again, 1).closed()).isFalse();
            disk.killed();
            var third = disk.open((delay, task) -> {});
            assertThat(third.failure()).isNull();
        }
    }

    @Test
    void aPageThatCannotBeReadOrWrittenIsAFailedSync() throws IOException {
        var disk = new SimulatedDisk("log", Arena.ofAuto(), new Random(1));
        var wal = disk.open((delay, task) -> {});
        grant(wal, 1_000);
        var open = intend(wal, 500_000);
        disk.faulting(true);
        wal.sync();
        disk.faulting(false);
        assertThat(wal.failure()).contains("fsync of the log failed");
        assertThat(disk.isTrusted()).isFalse();
        assertThat(wal.append(new LogRecord.Acquire(ACCOUNT, 1, 10))).isZero();
        settle(wal, open, 400_000);
        disk.killed();
        assertThat(disk.open((delay, task) -> {}).recovered().proven()).isFalse();
    }

    /** A page of a mapped file that is not there any more raises a real SIGBUS. */
    @Test
    void theLogsThreadOutlivesAPageThatItCannotRead() throws IOException {
        var log = directory.resolve("log");
        try (var wal = open()) {
            grant(wal, 1_000);
            wal.sync();
            resize(newest(log), 4_096);
            intend(wal, 500_000);
            await().until(() -> wal.failure() != null);
            assertThat(wal.failure()).contains("fsync of the log failed");
            await().until(() -> Files.exists(log.resolve("unsynced")));
            assertThat(Thread.getAllStackTraces().keySet())
                    .anyMatch(thread -> thread.getName().equals("wal-sync"));
        }
    }

    @Test
    void aPageThatCannotBeWrittenFailsTheLogWhoeverMeetsIt() throws IOException {
        var log = directory.resolve("log");
        try (var wal = open()) {
            grant(wal, 1_000);
            wal.sync();
            var file = newest(log);
            resize(file, 0);
            try {
                assertThat(wal.append(new LogRecord.Acquire(ACCOUNT, 1, 10))).isZero();
            } catch (InternalError late) {
                // compiled code is told when it has gone on; the log's own thread meets it too
            }
            await().until(() -> wal.failure() != null);
            assertThat(wal.failure()).contains("fsync of the log failed");
            await().until(() -> Files.exists(log.resolve("unsynced")));
            resize(file, SEGMENT_BYTES);
            assertThat(wal.append(new LogRecord.Acquire(ACCOUNT, 1, 10))).isZero();
        }
    }

    private static void resize(Path file, long bytes) throws IOException {
        try (var random = new RandomAccessFile(file.toFile(), "rw")) {
            random.setLength(bytes);
        }
    }

    @Test
    void aSegmentThatCannotBeDeletedIsTriedAgainAndTheLogStaysProven() throws IOException {
        var disk = new SimulatedDisk("log", Arena.ofAuto(), new Random(1));
        var tasks = new ArrayList<Runnable>();
        var wal = disk.open((delay, task) -> tasks.add(task));
        grant(wal, 1_000);
        disk.keeping(true);
        for (var i = 0; disk.segments() < 8; i++) {
            assertThat(wal.append("req_" + i, new byte[8_000])).isTrue();
            var due = List.copyOf(tasks);
            tasks.clear();
            due.forEach(Runnable::run);
        }
        assertThat(wal.failure()).isNull();
        intend(wal, 500_000);
        assertThat(disk.isTrusted()).isTrue();
        disk.keeping(false);
        wal.sync();
        assertThat(disk.segments()).isLessThanOrEqualTo(4);
        disk.killed();
        assertThat(disk.open((delay, task) -> {}).recovered().proven()).isTrue();
    }

    @Test
    void anOrderlyEndProvesTheLogThoughItCouldNotBeSynced() throws IOException {
        var disk = new SimulatedDisk("log", Arena.ofAuto(), new Random(1));
        var wal = disk.open((delay, task) -> {});
        grant(wal, 1_000);
        var open = intend(wal, 500_000);
        disk.failing(true);
        wal.sync();
        settle(wal, open, 400_000);
        wal.close();
        disk.failing(false);
        assertThat(disk.open((delay, task) -> {}).recovered().proven()).isTrue();
    }

    @Test
    void aFolderRemembersThatItsLogCouldNotBeSyncedUntilTheNextStartHasSynced() throws IOException {
        try (var wal = open()) {
            grant(wal, 1_000);
            var copy = killed();
            try (var files = FileDirectory.open(copy)) {
                files.distrust();
            }
            try (var again = Wal.open(settings(copy))) {
                assertThat(again.recovered().proven()).isFalse();
                assertThat(totals(again, 1).closed()).isFalse();
            }
            try (var third = Wal.open(settings(copy))) {
                assertThat(third.recovered().proven()).isTrue();
            }
        }
    }

    @Test
    void takesNothingOfALeaseThatIsClosedSoThatItCanBeReadAgain() throws IOException {
        try (var wal = open()) {
            var epoch = wal.holder().bootEpoch();
            grant(wal, 10);
            assertThat(wal.append(new LogRecord.Close(ACCOUNT, epoch))).isPositive();
            var refused =
                    List.of(
                            new LogRecord.Acquire(ACCOUNT, 1, 10),
                            new LogRecord.Grant(ACCOUNT, 20, 2),
                            new LogRecord.Return(ACCOUNT, 5),
                            new LogRecord.Intent(
                                    request("req_1"),
                                    new LogRecord.Try(1, "openai", "gpt-4o-mini", "test", 0),
                                    List.of(new LogRecord.Hold(ACCOUNT, 0))));
            for (var record : refused) {
                assertThat(wal.append(record)).isZero();
            }
            var totals = totals(wal, epoch);
            assertThat(totals.amountMicros()).isEqualTo(10);
            assertThat(totals.returnedMicros()).isZero();
            try (var again = Wal.open(settings(killed()))) {
                assertThat(totals(again, epoch)).isEqualTo(totals);
                assertThat(again.interrupted()).isEmpty();
            }
            wal.append(new LogRecord.Forget(ACCOUNT, epoch));
            grant(wal, 30);
            assertThat(totals(wal, epoch).closed()).isFalse();
        }
    }

    @Test
    void closesNoLeaseOfWhichSomethingIsHeldThoughItIsNothing() throws IOException {
        try (var wal = open()) {
            var epoch = wal.holder().bootEpoch();
            var hold = List.of(new LogRecord.Hold(ACCOUNT, 0));
            var about = new LogRecord.Try(1, "openai", "gpt-4o-mini", "test", 0);
            var intent = wal.append(new LogRecord.Intent(request("req_1"), about, hold));
            assertThat(wal.append(new LogRecord.Close(ACCOUNT, epoch))).isZero();
            assertThat(totals(wal, epoch).closed()).isFalse();
            var charges = List.of(new LogRecord.Charge(ACCOUNT, 0, 7_000));
            wal.append(new LogRecord.Settle(intent, 7_000, false, charges));
            assertThat(wal.append(new LogRecord.Close(ACCOUNT, epoch))).isPositive();
            assertThat(totals(wal, epoch).overrunMicros()).isEqualTo(7);
            try (var again = Wal.open(settings(killed()))) {
                assertThat(totals(again, epoch)).isEqualTo(totals(wal, epoch));
            }
        }
    }
}
