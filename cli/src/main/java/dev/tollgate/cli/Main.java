package dev.tollgate.cli;

import picocli.CommandLine;

/** Entry point of the {@code tollgate} command. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.setProperty(
                "vertx.logger-delegate-factory-class-name",
                "io.vertx.core.logging.SLF4JLogDelegateFactory");
        System.setProperty("vertx.disableDnsResolver", "true");
        Until.exit(commandLine(new Settings(System.getenv())).execute(arguments));
    }

    static CommandLine commandLine(Settings settings) {
        var commandLine =
                new CommandLine(new TollgateCommand.Root())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .setExecutionExceptionHandler(Main::report);
        commandLine.setDefaultValueProvider(settings);
        return commandLine;
    }

    private static int report(
            Exception e, CommandLine commandLine, CommandLine.ParseResult parsed) {
        if (e instanceof CommandFailure failure) {
            commandLine.getErr().println("tollgate: " + failure.getMessage());
            return failure.exitCode();
        }
        commandLine.getErr().println("tollgate: this is a defect, please report it: " + e);
        e.printStackTrace(commandLine.getErr());
        return ExitCode.FAILED;
    }
}
