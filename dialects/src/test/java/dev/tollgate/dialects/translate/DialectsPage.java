package dev.tollgate.dialects.translate;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.codec.Documents;
import dev.tollgate.dialects.codec.Loss;
import dev.tollgate.dialects.conversation.Trait;
import dev.tollgate.dialects.deviation.Deviation;
import dev.tollgate.dialects.translate.Carriage.Fate;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The text of docs/dialects.md, from the table of {@link Carriage} and from the code: a client's
 * dialect can ask for the traits that its reader notes, and a provider's writer may lose the {@link
 * Loss}es that it names.
 */
final class DialectsPage {

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("dev.tollgate.dialects");

    private DialectsPage() {}

    static String text() {
        var text =
                new StringBuilder(
                        """
                        # What is carried from dialect to dialect

                        This page is generated from the code; a test compares them. A client that speaks the dialect of its provider is not
                        translated: its bytes pass as sent, but for what the provider's server does not take (last section). Between two dialects each request is read, checked against the table below and
                        written anew, and each answer goes back the same way.

                        - **carried**: the provider gets what the client asked for.
                        - **adapted**: carried in another form, and restored in the answer where that shows.
                        - **dropped**: left out, as the answer stays what was asked for. The response header `x-tollgate-dropped` names it.
                        - **refused**: the answer would not be what was asked for. The request fails with 400, which names the field; a
                          policy may send it to another target.

                        A schema of the answer that is a list or a word becomes that of an object's only member for all but Gemini, and the
                        answer is taken out of that object again. A stop sequence towards an Anthropic model must not be white space
                        alone: it is refused by name. OpenAI's reasoning models take no sampling settings while they reason, and those before
                        gpt-5.5 no stop sequence, which is refused by name. Tool names and call ids that a provider does not allow are fitted, and the
                        client's own come back in the answer. Reasoning goes back to a provider only with a signature of that provider;
                        other thoughts of the history are left out.

                        The sources of an answer (annotations with a URL, grounding, results of a search) reach clients of every dialect; those
                        of anthropic as `web_search_result_location`, each page once for a text. What the page says (`cited_text`) and its place in
                        Anthropic's own search (`encrypted_index`) are empty there, since no other provider tells them. Dropped are sources of a
                        stream that come when their text's block has ended, and citations of a client's own documents, for which no other dialect
                        has a form.

                        One turn may be answered by one provider and the next by another. What a provider signs or encrypts travels wrapped,
                        with its name, and comes back to it alone. Where client and provider speak the same dialect, what another provider
                        left in the history is cut out of the bytes, and all else passes as sent: its thoughts; towards Claude also thoughts that
                        nobody signed, sources without their place in Anthropic's own search, and `thinking` with a budget in a run of tool
                        calls that another began; towards OpenAI reasoning items that are not its own. Calls that Gemini did not make go to it
                        with the value that Google documents in place of their signature, where the model demands one. Gemini's signatures of
                        text are dropped for clients of other dialects: Google recommends them, and demands those of calls, which are carried.

                        Images that a model makes reach clients of gemini as `inlineData`, of openai-responses as
                        `image_generation_call`, of openai-chat as `message.images` in OpenRouter's form; other files, such as sound,
                        reach clients of gemini alone. Where the client's dialect has no form, as in anthropic, the text ends with a
                        line that names what was left out; an answer of nothing else, or one in a form that a program reads, is an
                        error of the provider, never an empty answer. The last turn of a user who says
                        nothing is carried as it is, and **refused** towards anthropic, whose models do not take it.

                        A count of tokens is made of the same translated request, without the settings of generating; see the guide for
                        providers that do not count. Embeddings are carried between openai-chat and gemini: texts, one or many,
                        `dimensions`, floats and base64. Dropped are `user` of the one, `taskType`, `title` and `autoTruncate` of the other.
                        **Refused** are token ids towards gemini; towards openai-chat anything but text, and a batch that asks for vectors
                        of several lengths. Several parts of one text are joined by line feeds.

                        A body in the shape of Responses (`input`, no `messages`) that is posted to chat completions, as an editor does, is
                        read as such and answered as chat completions, whichever dialect the provider speaks.

                        ## By what a request asks for

                        """);
        table(text);
        for (var client : Dialect.values()) {
            for (var provider : Dialect.values()) {
                if (client != provider) {
                    pair(client, provider, text);
                }
            }
        }
        text.append(
                """

                ## Servers of openai-chat that do not take all of it

                What is done about it, wherever the client's request came from; [providers.md](providers.md) tells whose deviation each is.

                | deviation | what is done |
                |---|---|
                """);
        for (var deviation : Deviation.values()) {
            text.append("| `")
                    .append(deviation.wireName())
                    .append("` | ")
                    .append(deviation.words())
                    .append(" |\n");
        }
        return text.toString();
    }

    private static void table(StringBuilder text) {
        text.append("| asked for | by clients of |");
        for (var provider : Dialect.values()) {
            text.append(" to ").append(provider.wireName()).append(" |");
        }
        text.append("\n|---|---|").append("---|".repeat(Dialect.values().length)).append('\n');
        for (var trait : Trait.values()) {
            text.append("| ").append(trait.title()).append(" | ").append(clients(trait));
            for (var provider : Dialect.values()) {
                text.append(" | ").append(words(Carriage.of(trait, provider)));
            }
            text.append(" |\n");
        }
    }

    private static String clients(Trait trait) {
        var clients =
                EnumSet.allOf(Dialect.class).stream()
                        .filter(client -> asked(client).contains(trait))
                        .map(Dialect::wireName)
                        .toList();
        return clients.size() == Dialect.values().length ? "all" : String.join(", ", clients);
    }

    private static String words(Carriage.Rule rule) {
        var fate =
                switch (rule.fate()) {
                    case CARRIED -> "carried";
                    case ADAPTED -> "adapted";
                    case DROPPED -> "dropped";
                    case REFUSED -> "**refused**";
                };
        return rule.note().isEmpty() ? fate : fate + ": " + rule.note();
    }

    private static void pair(Dialect client, Dialect provider, StringBuilder text) {
        text.append("\n## ")
                .append(client.wireName())
                .append(" to ")
                .append(provider.wireName())
                .append("\n\n");
        for (var fate : Fate.values()) {
            var traits =
                    asked(client).stream()
                            .filter(trait -> Carriage.of(trait, provider).fate() == fate)
                            .map(Trait::title)
                            .collect(Collectors.joining("; "));
            if (!traits.isEmpty()) {
                var name =
                        fate.name().charAt(0) + fate.name().substring(1).toLowerCase(Locale.ROOT);
                text.append("- ").append(name).append(": ").append(traits).append(".\n");
            }
        }
        var losses =
                EnumSet.allOf(Loss.class).stream()
                        .filter(
                                loss ->
                                        names(packageOf(provider), Loss.class)
                                                .contains(loss.name()))
                        .map(Loss::words)
                        .collect(Collectors.joining("; "));
        if (!losses.isEmpty()) {
            text.append("- Lost to some models: ").append(losses).append(".\n");
        }
    }

    /** What requests of a client's dialect can ask for. */
    static Set<Trait> asked(Dialect client) {
        var classes = packageOf(client);
        var names = names(classes, Trait.class);
        boolean documents =
                classes.stream()
                        .flatMap(c -> c.getDirectDependenciesFromSelf().stream())
                        .anyMatch(d -> d.getTargetClass().isEquivalentTo(Documents.class));
        if (documents) {
            names.addAll(names(Set.of(CLASSES.get(Documents.class)), Trait.class));
        }
        return EnumSet.copyOf(names.stream().map(Trait::valueOf).toList());
    }

    private static Set<JavaClass> packageOf(Dialect dialect) {
        var name =
                switch (dialect) {
                    case OPENAI_CHAT -> "openai";
                    case OPENAI_RESPONSES -> "responses";
                    case ANTHROPIC -> "anthropic";
                    case GEMINI -> "gemini";
                };
        return CLASSES.stream()
                .filter(c -> c.getPackageName().equals("dev.tollgate.dialects." + name))
                .collect(Collectors.toSet());
    }

    /** The constants of an enum that these classes use. */
    private static Set<String> names(Set<JavaClass> classes, Class<?> constants) {
        return classes.stream()
                .flatMap(c -> c.getFieldAccessesFromSelf().stream())
                .filter(access -> access.getTargetOwner().isEquivalentTo(constants))
                .map(access -> access.getTarget().getName())
                .filter(name -> !name.startsWith("$"))
                .collect(Collectors.toSet());
    }
}
