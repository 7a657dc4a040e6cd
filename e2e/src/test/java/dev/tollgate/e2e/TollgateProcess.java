package dev.tollgate.e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One running {@code ./tollgate} command: its output by line, its ports, its end. */
final class TollgateProcess implements AutoCloseable {

    private static final Duration START_LIMIT = Duration.ofSeconds(120);
    private static final Duration END_LIMIT = Duration.ofSeconds(60);
    private static final int SIGTERM_CODE = 143;
    private static final Pattern LISTENING = Pattern.compile("listening port=(\\d+)");
    private static final Pattern ADMIN = Pattern.compile("admin-port=(\\d+)");

    private static final Duration READ_LIMIT = Duration.ofSeconds(30);
    private static final Duration FIRST_USE_LIMIT = Duration.ofMinutes(5);

    static {
        firstUse();
    }

    private final Process process;
    private final List<Thread> readers;
    private final List<String> out = Collections.synchronizedList(new ArrayList<>());
    private final List<String> err = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<String> listening = new CompletableFuture<>();

    private TollgateProcess(Process process) {
        this.process = process;
        readers = List.of(read(process.getInputStream(), out), read(process.getErrorStream(), err));
        process.onExit()
                .thenRun(
                        () ->
                                listening.completeExceptionally(
                                        new IllegalStateException(
                                                "ended with "
                                                        + process.exitValue()
                                                        + " before it listened")));
    }

    /** The script builds what is missing and trains its cache: no test's own limit pays for it. */
    private static void firstUse() {
        try (var version = start("--version")) {
            version.awaitExit(FIRST_USE_LIMIT);
        } catch (Exception e) {
            throw new IllegalStateException("./tollgate --version", e);
        }
    }

    /** The repository's root, where the script lies. */
    static Path root() {
        return Path.of(System.getProperty("tollgate.root"));
    }

    static TollgateProcess start(String... arguments) throws IOException {
        return start(Map.of(), arguments);
    }

    static TollgateProcess start(Map<String, String> environment, String... arguments)
            throws IOException {
        var command = new ArrayList<String>();
        command.add(root().resolve("tollgate").toString());
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).redirectInput(ProcessBuilder.Redirect.PIPE);
        builder.environment().putAll(environment);
        return new TollgateProcess(builder.start());
    }

    /** The port of the line {@code listening port=...}. */
    int port() throws Exception {
        return number(LISTENING, listeningLine());
    }

    /** The admin port of the same line. */
    int adminPort() throws Exception {
        return number(ADMIN, listeningLine());
    }

    List<String> out() {
        return List.copyOf(out);
    }

    List<String> err() {
        return List.copyOf(err);
    }

    /** Lines of stdout that are usage records. */
    List<String> usageRecords() {
        return out().stream().filter(line -> line.startsWith("{\"request_id\"")).toList();
    }

    int awaitExit(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("still running after " + limit + ": " + tail());
        }
        awaitReaders();
        return process.exitValue();
    }

    /** Its last lines may still be in the pipes when it has ended. */
    private void awaitReaders() throws InterruptedException {
        long end = System.nanoTime() + READ_LIMIT.toNanos();
        for (var reader : readers) {
            reader.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
        }
    }

    /** SIGKILL, to the whole of it. */
    void kill() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        awaitReaders();
    }

    /** SIGSTOP: it holds what it has, and hears and says nothing until {@link #proceed}. */
    void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    /** SIGCONT. */
    void proceed() throws IOException, InterruptedException {
        signal("-CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", name, Long.toString(process.pid())).start().waitFor();
    }

    /** SIGTERM, then waits; fails if it does not end by itself, or not well. */
    @Override
    public void close() throws InterruptedException {
        if (!process.isAlive()) {
            return;
        }
        boolean served = listening.isDone();
        process.destroy();
        if (!process.waitFor(END_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            kill();
            throw new AssertionError("still running " + END_LIMIT + " after SIGTERM: " + tail());
        }
        awaitReaders();
        int code = process.exitValue();
        if (code != 0 && (served || code != SIGTERM_CODE)) {
            throw new AssertionError("ended with " + code + ": " + tail());
        }
    }

    /** The process id: that of Java, since the script replaces itself. */
    long pid() {
        return process.pid();
    }

    /** SIGTERM; does not wait. */
    void terminate() {
        process.destroy();
    }

    boolean alive() {
        return process.isAlive();
    }

    String tail() {
        var lines = err();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 30), lines.size()));
    }

    private String listeningLine() throws InterruptedException, ExecutionException {
        try {
            return listening.get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new AssertionError(e.getMessage() + "; its log: " + tail(), e);
        }
    }

    private static int number(Pattern pattern, String line) {
        var found = pattern.matcher(line);
        if (!found.find()) {
            throw new AssertionError("no " + pattern + " in: " + line);
        }
        return Integer.parseInt(found.group(1));
    }

    /** On a thread of its own: a test's many virtual ones must not keep a line from being read. */
    private Thread read(InputStream stream, List<String> into) {
        return Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            try (var lines =
                                    new BufferedReader(
                                            new InputStreamReader(
                                                    stream, StandardCharsets.UTF_8))) {
                                @Nullable String line;
                                while ((line = lines.readLine()) != null) {
                                    into.add(line);
                                    if (LISTENING.matcher(line).find()) {
                                        listening.complete(line);
                                    }
                                }
                            } catch (IOException e) {
                                into.add("(stream closed: " + e.getMessage() + ")");
                            }
                        });
    }
}
