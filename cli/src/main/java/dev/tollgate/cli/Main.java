package dev.tollgate.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine;

/** Entry point of the {@code tollgate} command. */
public final class Main {

    private static final Map<String, Class<? extends TollgateCommand>> COMMANDS = commands();

    private Main() {}

    private static Map<String, Class<? extends TollgateCommand>> commands() {
        var commands = new LinkedHashMap<String, Class<? extends TollgateCommand>>();
        commands.put("demo", DemoCommand.class);
        commands.put("serve", ServeCommand.class);
        commands.put("proxy", ProxyCommand.class);
        commands.put("operator", OperatorCommand.class);
        commands.put("crds", CrdsCommand.class);
        commands.put("simulator", SimulatorCommand.class);
        commands.put("lint", LintCommand.class);
        commands.put("drill", DrillCommand.class);
        commands.put("ledger", LedgerCommand.class);
        commands.put("explain", ExplainCommand.class);
        commands.put("report", ReportCommand.class);
        commands.put("train", TrainCommand.class);
        return commands;
    }

    public static void main(String[] arguments) {
        System.setProperty(
                "vertx.logger-delegate-factory-class-name",
                "io.vertx.core.logging.SLF4JLogDelegateFactory");
        System.setProperty("vertx.disableDnsResolver", "true");
        // seconds: pods of the operator and of providers come and go; Java's own is 30
        System.setProperty("sun.net.inetaddr.ttl", "5");
        // threads that log while logging starts have their lines a moment later, and no word of
        // SLF4J's own
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        var asked = arguments.length == 0 ? "" : arguments[0];
        Until.exit(commandLine(new Settings(System.getenv()), asked).execute(arguments));
    }

    /**
     * @param asked the command that is to run: only its classes are looked at, for a faster start;
     *     all of them if it is none
     */
    static CommandLine commandLine(Settings settings, String asked) {
        var root = new CommandLine(new TollgateCommand.Root());
        COMMANDS.forEach(
                (name, command) -> {
                    if (name.equals(asked) || !COMMANDS.containsKey(asked)) {
                        root.addSubcommand(command);
                    }
                });
        root.setCaseInsensitiveEnumValuesAllowed(true).setExecutionExceptionHandler(Main::report);
        root.setParameterExceptionHandler(Main::misused);
        root.setDefaultValueProvider(settings);
        return root;
    }

    /** One line, and the list of commands where none was named; the help says the rest. */
    private static int misused(CommandLine.ParameterException e, String[] arguments) {
        var command = e.getCommandLine();
        var hint = "";
        if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
            var known = unmatched.getSuggestions();
            hint = known.isEmpty() ? "" : ", did you mean " + String.join(" or ", known) + "?";
        }
        command.getErr()
                .printf(
                        "tollgate: %s%s (see %s --help)%n",
                        e.getMessage(), hint, command.getCommandSpec().qualifiedName());
        if (command.getParent() == null && hint.isEmpty()) {
            command.usage(command.getErr());
        }
        return ExitCode.USAGE;
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
