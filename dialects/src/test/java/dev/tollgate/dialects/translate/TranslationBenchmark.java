package dev.tollgate.dialects.translate;

import com.sun.management.ThreadMXBean;
import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.Bridge;
import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Ingress;
import dev.tollgate.dialects.Operation;
import dev.tollgate.dialects.RequestScan;
import dev.tollgate.dialects.scan.RequestScanner;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Compares a dialect carried over another with a dialect carried over itself: a main method, not a
 * test. Prints CPU time of the thread, so that other work on the machine counts little, and the
 * best of several rounds; and what one open stream keeps in the heap.
 */
public final class TranslationBenchmark {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int CHUNKS = 100;
    private static final int ROUNDS = Integer.getInteger("rounds", 8);
    private static final int CALLS = Integer.getInteger("calls", 4_000);
    private static final int OPEN_STREAMS = 2_000;
    private static long kept;

    private TranslationBenchmark() {}

    public static void main(String[] args) {
        for (var client : Dialect.values()) {
            for (var provider : Dialect.values()) {
                warm(client, provider);
            }
        }
        System.out.println(
                "| client | provider | request and answer | x | a chunk | x | an open stream |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (var client : Dialect.values()) {
            double same = request(client, client);
            for (var provider : Dialect.values()) {
                double request = request(client, provider);
                double chunk = chunk(client, provider);
                double sameChunk = chunk(provider, provider);
                // The first time also frees what was measured before.
                openStream(client, provider);
                System.out.printf(
                        "| %s | %s | %.1f us | %.1f | %.2f us | %.1f | %.1f KiB |%n",
                        client.wireName(),
                        provider.wireName(),
                        request / 1_000,
                        request / same,
                        chunk / 1_000,
                        chunk / sameChunk,
                        openStream(client, provider) / 1_024.0);
            }
        }
        System.out.println(kept == 42 ? "" : "(" + THREADS.getClass().getSimpleName() + ")");
    }

    private static void warm(Dialect client, Dialect provider) {
        request(client, provider);
        chunk(client, provider);
    }

    /** Nanoseconds of CPU for one request and its answer. */
    private static double request(Dialect client, Dialect provider) {
        var bridge = bridge(client, provider);
        var body = request(client);
        var answer = answer(provider);
        var ingress = ingress(client);
        var terms =
                new Bridge.RequestTerms(
                        Exchanges.requestTerms(provider).model(),
                        OptionalLong.of(100),
                        OptionalLong.of(64_000),
                        List.of());
        return best(
                1,
                () -> {
                    var scan = (RequestScan) RequestScanner.scan(ingress, body);
                    var sent = (Bridge.Outbound.Ready) bridge.request(scan, body, terms);
                    var read = (Bridge.AnswerRead.Read) bridge.answer(answer, terms(scan, body));
                    return sent.body().length + read.body().length;
                });
    }

    /** Nanoseconds of CPU for one chunk of a stream, its start and end shared by all chunks. */
    private static double chunk(Dialect client, Dialect provider) {
        var bridge = bridge(client, provider);
        var body = request(client);
        var scan = (RequestScan) RequestScanner.scan(ingress(client), body);
        var chunks = chunks(provider);
        var written = new long[1];
        AnswerStream.Sink sink = (bytes, offset, length) -> written[0] += length;
        return best(
                chunks.size(),
                () -> {
                    var stream = bridge.stream(terms(scan, body));
                    for (var chunk : chunks) {
                        stream.feed(chunk, 0, chunk.length, sink);
                    }
                    if (!(stream.end(sink) instanceof AnswerStream.End.Complete)) {
                        throw new IllegalStateException("the benchmark's own stream is broken");
                    }
                    return written[0];
                });
    }

    /** Bytes of heap that a stream keeps after 100 chunks, its end not yet come. */
    private static double openStream(Dialect client, Dialect provider) {
        var bridge = bridge(client, provider);
        var body = request(client);
        var scan = (RequestScan) RequestScanner.scan(ingress(client), body);
        var chunks = chunks(provider);
        var open = new ArrayList<AnswerStream>();
        long before = used();
        for (int i = 0; i < OPEN_STREAMS; i++) {
            var stream = bridge.stream(terms(scan, body));
            for (var chunk : chunks.subList(0, CHUNKS)) {
                stream.feed(chunk, 0, chunk.length, (bytes, offset, length) -> kept += length);
            }
            open.add(stream);
        }
        long after = used();
        kept += open.size();
        return (double) (after - before) / OPEN_STREAMS;
    }

    private static long used() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        var runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    // of CPU, and not of the clock
    private static double best(int perCall, LongSupplier work) {
        int calls = Math.max(1, CALLS / perCall * (perCall > 1 ? 2 : 1));
        long best = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = THREADS.getCurrentThreadCpuTime();
            for (int i = 0; i < calls; i++) {
                kept += work.getAsLong();
            }
            best = Math.min(best, THREADS.getCurrentThreadCpuTime() - start);
        }
        return (double) best / calls / perCall;
    }

    private static Bridge bridge(Dialect client, Dialect provider) {
        var bridge = Bridge.between(client, provider, Operation.GENERATE);
        if (bridge == null) {
            throw new IllegalStateException("no bridge from " + client + " to " + provider);
        }
        return bridge;
    }

    private static Ingress ingress(Dialect client) {
        return new Ingress(
                client,
                Operation.GENERATE,
                client == Dialect.GEMINI ? "m" : null,
                client == Dialect.GEMINI,
                true);
    }

    private static Bridge.AnswerTerms terms(RequestScan scan, byte[] body) {
        return new Bridge.AnswerTerms(scan, body, "alias", true, "0195f3c27a10", 1_700_000_000);
    }

    /** A prompt of 1 KiB. */
    private static byte[] request(Dialect client) {
        var prompt = "lorem ip".repeat(128);
        return json(
                switch (client) {
                    case OPENAI_CHAT ->
                            "{'model':'m','messages':[{'role':'system','content':'You are brief.'},{'role':'user','content':'"
                                    + prompt
                                    + "'}],'max_tokens':100,'stream':true,'stream_options':{'include_usage':true}}";
                    case OPENAI_RESPONSES ->
                            "{'model':'m','instructions':'You are brief.','input':'"
                                    + prompt
                                    + "','max_output_tokens':100,'stream':true}";
                    case ANTHROPIC ->
                            "{'model':'m','system':'You are brief.','messages':[{'role':'user','content':'"
                                    + prompt
                                    + "'}],'max_tokens':100,'stream':true}";
                    case GEMINI ->
                            "{'systemInstruction':{'parts':[{'text':'You are brief.'}]},'contents':[{'role':'user','parts':[{'text':'"
                                    + prompt
                                    + "'}]}],'generationConfig':{'maxOutputTokens':100}}";
                });
    }

    private static byte[] answer(Dialect provider) {
        var text = "word ".repeat(80);
        return json(
                switch (provider) {
                    case OPENAI_CHAT ->
                            "{'id':'c1','object':'chat.completion','created':1,'model':'gpt-5','choices':[{'index':0,'message':{'role':'assistant','content':'"
                                    + text
                                    + "','refusal':null},'finish_reason':'stop'}],'usage':{'prompt_tokens':200,'completion_tokens':80,'total_tokens':280}}";
                    case OPENAI_RESPONSES ->
                            "{'id':'r1','object':'response','created_at':1,'status':'completed','model':'gpt-5','output':[{'type':'message','id':'m1','status':'completed','role':'assistant','content':[{'type':'output_text','text':'"
                                    + text
                                    + "','annotations':[]}]}],'usage':{'input_tokens':200,'output_tokens':80,'total_tokens':280}}";
                    case ANTHROPIC ->
                            "{'id':'a1','type':'message','role':'assistant','model':'claude','content':[{'type':'text','text':'"
                                    + text
                                    + "'}],'stop_reason':'end_turn','stop_sequence':null,'usage':{'input_tokens':200,'output_tokens':80}}";
                    case GEMINI ->
                            "{'candidates':[{'content':{'parts':[{'text':'"
                                    + text
                                    + "'}],'role':'model'},'finishReason':'STOP','index':0}],'usageMetadata':{'promptTokenCount':200,'candidatesTokenCount':80,'totalTokenCount':280},'modelVersion':'gemini','responseId':'g1'}";
                });
    }

    /** A stream, an event a read. */
    private static List<byte[]> chunks(Dialect provider) {
        var chunks = new ArrayList<byte[]>();
        var head =
                switch (provider) {
                    case OPENAI_CHAT, GEMINI -> "";
                    case OPENAI_RESPONSES ->
                            "event: response.created\ndata: {'type':'response.created','sequence_number':0,'response':{'id':'r1','object':'response','model':'gpt-5','status':'in_progress','output':[]}}\n\n"
                                    + "event: response.output_item.added\ndata: {'type':'response.output_item.added','sequence_number':1,'output_index':0,'item':{'type':'message','id':'m1','role':'assistant','status':'in_progress','content':[]}}\n\n";
                    case ANTHROPIC ->
                            "event: message_start\ndata: {'type':'message_start','message':{'id':'a1','type':'message','role':'assistant','model':'claude','content':[],'usage':{'input_tokens':200,'output_tokens':1}}}\n\n"
                                    + "event: content_block_start\ndata: {'type':'content_block_start','index':0,'content_block':{'type':'text','text':''}}\n\n";
                };
        for (int i = 0; i < CHUNKS; i++) {
            chunks.add(json((i == 0 ? head : "") + delta(provider, i)));
        }
        chunks.add(json(end(provider)));
        return chunks;
    }

    private static String delta(Dialect provider, int number) {
        return switch (provider) {
            case OPENAI_CHAT ->
                    "data: {'id':'c1','object':'chat.completion.chunk','created':1,'model':'gpt-5','system_fingerprint':'fp_1','choices':[{'index':0,'delta':{'content':' word'},'logprobs':null,'finish_reason':null}],'usage':null}\n\n";
            case OPENAI_RESPONSES ->
                    "event: response.output_text.delta\ndata: {'type':'response.output_text.delta','sequence_number':"
                            + (number + 2)
                            + ",'item_id':'m1','output_index':0,'content_index':0,'delta':' word','logprobs':[],'obfuscation':'x7f'}\n\n";
            case ANTHROPIC ->
                    "event: content_block_delta\ndata: {'type':'content_block_delta','index':0,'delta':{'type':'text_delta','text':' word'}}\n\n";
            case GEMINI ->
                    "data: {'candidates': [{'content': {'parts': [{'text': ' word'}],'role': 'model'},'index': 0}],'usageMetadata': {'promptTokenCount': 200,'candidatesTokenCount': 1,'totalTokenCount': 201},'modelVersion': 'gemini','responseId': 'g1'}\r\n\r\n";
        };
    }

    private static String end(Dialect provider) {
        return switch (provider) {
            case OPENAI_CHAT ->
                    "data: {'id':'c1','model':'gpt-5','choices':[{'index':0,'delta':{},'finish_reason':'stop'}]}\n\n"
                            + "data: {'id':'c1','model':'gpt-5','choices':[],'usage':{'prompt_tokens':200,'completion_tokens':80,'total_tokens':280}}\n\ndata: [DONE]\n\n";
            case OPENAI_RESPONSES ->
                    "event: response.completed\ndata: {'type':'response.completed','sequence_number':200,'response':{'id':'r1','object':'response','model':'gpt-5','status':'completed','output':[],'usage':{'input_tokens':200,'output_tokens':80,'total_tokens':280}}}\n\n";
            case ANTHROPIC ->
                    "event: content_block_stop\ndata: {'type':'content_block_stop','index':0}\n\nevent: message_delta\ndata: {'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{'output_tokens':80}}\n\nevent: message_stop\ndata: {'type':'message_stop'}\n\n";
            case GEMINI ->
                    "data: {'candidates': [{'content': {'parts': [{'text': ''}],'role': 'model'},'finishReason': 'STOP','index': 0}],'usageMetadata': {'promptTokenCount': 200,'candidatesTokenCount': 80,'totalTokenCount': 280},'modelVersion': 'gemini','responseId': 'g1'}\r\n\r\n";
        };
    }

    /** Single quotes stand for double ones. */
    private static byte[] json(String text) {
        return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    }
}
