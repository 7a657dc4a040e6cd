package dev.tollgate.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.tollgate.dataplane.wal.Wal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Spend tables from usage records: those that a gateway's folder keeps, or lines of files. */
@Command(
        name = "report",
        description =
                "Spend tables from usage records: those that gateways keep in their data folders, or"
                        + " lines that were collected from their stdout.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {"0:reported, also if nothing was spent", "2:bad usage or unusable input"})
final class ReportCommand extends TollgateCommand {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern AGO = Pattern.compile("([0-9]{1,6})([mhdw])");
    private static final Path DATA = Path.of("data");

    /** {@code --output}. */
    enum Output {
        table,
        json,
        csv
    }

    @Parameters(
            arity = "0..*",
            paramLabel = "FILE",
            description =
                    "Files of usage records, one JSON object a line; - is stdin. Other lines are left"
                            + " out. Default: the records in --data.")
    List<String> files = List.of();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            split = ",",
            description =
                    "Data folders of gateways or proxies on this machine, running or not. Default:"
                            + " data, if no FILE is named.")
    List<Path> data = List.of();

    @Option(
            names = "--by",
            defaultValue = "team",
            description = "One row for each: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    SpendReport.By by = SpendReport.By.team;

    @Option(
            names = "--since",
            defaultValue = "7d",
            description =
                    "How long ago, such as 90m, 24h, 7d or 4w, or an instant such as"
                            + " 2026-11-01T00:00:00Z. Default: ${DEFAULT-VALUE}.")
    String since = "7d";

    @Option(
            names = "--output",
            defaultValue = "table",
            description = "table, json or csv. Default: ${DEFAULT-VALUE}.")
    Output output = Output.table;

    private int otherLines;

    @Override
    int run() throws IOException {
        var report = new SpendReport(by, instant(since, InstantSource.system()));
        for (var folder : folders()) {
            records(folder, report);
        }
        for (var file : files) {
            lines(file, report);
        }
        if (otherLines > 0) {
            spec.commandLine()
                    .getErr()
                    .println("tollgate: " + otherLines + " lines are no usage records, left out");
        }
        var out = spec.commandLine().getOut();
        switch (output) {
            case table -> report.table().forEach(out::println);
            case csv -> report.csv().forEach(line -> out.print(line + "\r\n"));
            case json ->
                    out.println(
                            JSON.writerWithDefaultPrettyPrinter()
                                    .writeValueAsString(report.json()));
        }
        out.flush();
        return ExitCode.OK;
    }

    private List<Path> folders() {
        return data.isEmpty() && files.isEmpty() ? List.of(DATA) : data;
    }

    static Instant instant(String since, InstantSource clock) {
        var ago = AGO.matcher(since);
        if (ago.matches()) {
            var many = Long.parseLong(ago.group(1));
            var unit =
                    switch (ago.group(2)) {
                        case "m" -> Duration.ofMinutes(1);
                        case "h" -> Duration.ofHours(1);
                        case "d" -> Duration.ofDays(1);
                        default -> Duration.ofDays(7);
                    };
            return clock.instant().minus(unit.multipliedBy(many));
        }
        try {
            return Instant.parse(since);
        } catch (DateTimeException e) {
            throw CommandFailure.usage(
                    "--since: "
                            + since
                            + " (expected: such as 90m, 24h, 7d, 4w or 2026-11-01T00:00:00Z)");
        }
    }

    /** A gateway may have the folder open: its segments only grow, and go as a whole. */
    private void records(Path folder, SpendReport report) throws IOException {
        var log = folder.resolve("log");
        if (!Files.isDirectory(log)) {
            throw CommandFailure.usage(
                    "--data: " + folder + " (expected: that of a gateway, or files of records)");
        }
        Wal.readUsage(log, json -> take(tree(json), report));
    }

    private void lines(String file, SpendReport report) throws IOException {
        if (!file.equals("-") && !Files.isReadable(Path.of(file))) {
            throw CommandFailure.usage(file + " cannot be read");
        }
        try (var in = open(file);
                var reader =
                        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (var line = reader.readLine(); line != null; line = reader.readLine()) {
                if (!line.isBlank()) {
                    take(tree(line.getBytes(StandardCharsets.UTF_8)), report);
                }
            }
        }
    }

    private static InputStream open(String file) throws IOException {
        return file.equals("-") ? System.in : Files.newInputStream(Path.of(file));
    }

    private void take(JsonNode record, SpendReport report) {
        if (report.add(record) == SpendReport.Taken.NO_RECORD) {
            otherLines++;
        }
    }

    private static JsonNode tree(byte[] line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance(); // a line of a log that is no JSON
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
