package dev.tollgate.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Where settings come from: flags, then {@code TOLLGATE_*} environment variables, then defaults.
 */
final class Settings implements IDefaultValueProvider {

    private final Map<String, String> environment;

    Settings(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /** {@code --push-port} is set by {@code TOLLGATE_PUSH_PORT}. */
    static String variableOf(OptionSpec option) {
        return "TOLLGATE_"
                + option.longestName()
                        .replaceFirst("^--", "")
                        .replace('-', '_')
                        .toUpperCase(Locale.ROOT);
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        return fromEnvironment(argument).orElse(argument.defaultValue());
    }

    /** Writes each option's value and its origin, one a line. */
    void print(CommandSpec command, ParseResult parsed, PrintWriter out) {
        for (var option : command.options()) {
            if (option.usageHelp()
                    || option.versionHelp()
                    || option.longestName().equals("--print-settings")) {
                continue;
            }
            var origin =
                    parsed.hasMatchedOption(option)
                            ? "flag"
                            : fromEnvironment(option).isPresent()
                                    ? "environment " + variableOf(option)
                                    : "default";
            out.printf(
                    "%s=%s (%s)%n",
                    option.longestName().substring(2), written(option.getValue()), origin);
        }
        out.flush();
    }

    /** As a user would write it. */
    private static String written(@Nullable Object value) {
        return switch (value) {
            case null -> "";
            case Enum<?> word -> word.name().toLowerCase(Locale.ROOT);
            default -> value.toString();
        };
    }

    private Optional<String> fromEnvironment(ArgSpec argument) {
        return argument instanceof OptionSpec option
                ? Optional.ofNullable(environment.get(variableOf(option)))
                : Optional.empty();
    }
}
