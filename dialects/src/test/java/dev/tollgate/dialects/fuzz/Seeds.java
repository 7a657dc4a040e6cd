package dev.tollgate.dialects.fuzz;

import dev.tollgate.dialects.Dialect;
import dev.tollgate.dialects.Samples;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Inputs to start from: the samples, and small ones for corners that the samples leave out. */
final class Seeds {
    private Seeds() {}

    static List<byte[]> requests(Dialect client) {
        var seeds = new ArrayList<byte[]>();
        seeds.add(Samples.request(client));
        seeds.add(Samples.streamRequest(client));
        seeds.addAll(
                switch (client) {
                    case OPENAI_CHAT ->
                            texts(
                                    "{'model':'m','n':2,'stop':['a','b'],'messages':[{'role':'user','content':'\\ud83d'}]}",
                                    "{'model':'m','messages':[{'role':'user','content':[{'type':'input_audio','input_audio':{'data':'AAAA','format':'wav'}},{'type':'file','file':{'filename':'a.pdf','file_data':'data:application/pdf;base64,AAAA'}}]}],'functions':[{'name':'f'}],'tool_choice':{'type':'allowed_tools','allowed_tools':{'mode':'auto','tools':[{'type':'function','function':{'name':'f'}}]}}}");
                    case OPENAI_RESPONSES ->
                            texts(
                                    "{'model':'m','input':'hello','previous_response_id':'resp_1','background':true}",
                                    "{'model':'m','input':[{'role':'user','content':'hi'},{'type':'item_reference','id':'x'},{'type':'web_search_call','id':'y'}],'tools':[{'type':'namespace','tools':[{'type':'custom','name':'c','format':{'type':'grammar','syntax':'lark','definition':'start: X'}}]}]}");
                    case ANTHROPIC ->
                            texts(
                                    "{'model':'m','max_tokens':1,'messages':[{'role':'assistant','content':'{'}],'stop_sequences':['x'],'temperature':1.5,'top_k':4}",
                                    "{'model':'m','max_tokens':1,'messages':[{'role':'user','content':[{'type':'document','source':{'type':'text','media_type':'text/plain','data':'d'},'citations':{'enabled':true}},{'type':'search_result','source':'s','title':'t','content':[{'type':'text','text':'x'}]}]}],'context_management':{'edits':[{'type':'clear_tool_uses_20250919'}]}}");
                    case GEMINI ->
                            texts(
                                    "{'contents':'hello','generation_config':{'thinking_config':{'thinking_level':'LOW'},'candidate_count':1}}",
                                    "{'contents':[{'parts':[{'function_response':{'name':'f','response':{'result':[1]}}},{'file_data':{'file_uri':'https://example.com/a.pdf'}}]}],'tools':[{'googleSearch':{}}],'generationConfig':{'responseSchema':{'type':'ARRAY','items':{'type':'STRING','format':'enum'},'minItems':'1'}}}");
                });
        return seeds;
    }

    static List<byte[]> answers(Dialect provider) {
        var seeds = new ArrayList<byte[]>();
        seeds.add(Samples.answer(provider));
        seeds.addAll(
                switch (provider) {
                    case OPENAI_CHAT ->
                            texts(
                                    "{'choices':[{'message':{'content':[{'type':'thinking','thinking':[{'type':'text','text':'t'}]},{'type':'text','text':'x'}],'refusal':'no','tool_calls':[{'function':{'name':'f','arguments':{'a':1}}}]},'finish_reason':'length'}],'usage':{'prompt_tokens':1e400,'completion_tokens':-1}}");
                    case OPENAI_RESPONSES ->
                            texts(
                                    "{'status':'incomplete','incomplete_details':{'reason':'content_filter'},'output':[{'type':'custom_tool_call','call_id':'c','name':'n','input':'i'},{'type':'message','content':[{'type':'refusal','refusal':'no'}]}]}");
                    case ANTHROPIC ->
                            texts(
                                    "{'type':'message','content':[{'type':'server_tool_use','id':'s'},{'type':'text','text':'x','citations':[{'type':'web_search_result_location','url':'u','title':'t','cited_text':'c'}]}],'stop_reason':'refusal','usage':{'iterations':[]}}");
                    case GEMINI ->
                            texts(
                                    "{'promptFeedback':{'blockReason':'SAFETY'}}",
                                    "[{'candidates':[{'finishReason':'MALFORMED_FUNCTION_CALL'}]}]");
                });
        return seeds;
    }

    static List<byte[]> streams(Dialect provider) {
        var seeds = new ArrayList<byte[]>();
        seeds.add(Samples.stream(provider));
        var answer = new String(Samples.answer(provider), StandardCharsets.UTF_8);
        seeds.addAll(
                switch (provider) {
                    case OPENAI_CHAT ->
                            texts(
                                    "data: {'choices':[{'delta':{'tool_calls':[{'index':0,'id':'a','function':{'name':'f','arguments':'{'}},{'index':0,'id':'b','function':{'name':'g'}}]}}]}\n\ndata: {'choices':[{'finish_reason':'stop'}],'x_groq':{'usage':{}}}\n\ndata: [DONE]\n\n",
                                    "event: error\ndata: {'error':{'message':'m','status_code':400,'code':'tool_use_failed'}}\n\n");
                    case OPENAI_RESPONSES ->
                            texts(
                                    "data: {'type':'response.completed','response':"
                                            + answer.replace('\n', ' ')
                                            + "}\n\n",
                                    "data: {'type':'response.failed','response':{'error':{'code':'server_error','message':'m'}}}\n\n");
                    case ANTHROPIC ->
                            texts(
                                    "event: message_start\r\ndata: {'type':'message_start',\r\ndata: 'message':{'content':[{'type':'tool_use','id':'i','name':'n','input':{'a':1}}]}}\r\n\r\n",
                                    "event: error\ndata: {'type':'error','error':{'type':'overloaded_error','message':'m'}}\n\n");
                    case GEMINI ->
                            texts(
                                    "data: {'candidates':[{'content':{'parts':[{'functionCall':{'name':'f','willContinue':true,'partialArgs':[{'jsonPath':'$.a[2].b','stringValue':'x','willContinue':true}]}},{'functionCall':{'partialArgs':[{'jsonPath':'$.a[2].b','stringValue':'y'}]}}]},'finishReason':'STOP'}]}\n\n",
                                    "[{'candidates':[{'content':{'parts':[{'text':'a'}]}}]}\n,\r\n{'candidates':[{'finishReason':'STOP'}],'usageMetadata':{'promptTokenCount':1}}]\n");
                });
        return seeds;
    }

    static List<byte[]> embeddingRequests() {
        return texts(
                "{'model':'e','input':['ab','c'],'dimensions':8,'encoding_format':'base64'}",
                "{'model':'e','input':[[1,2],[3]]}",
                "{'model':'e','input':'text'}");
    }

    static List<byte[]> geminiEmbeddingRequests() {
        return texts(
                "{'content':{'parts':[{'text':'a'}]},'output_dimensionality':8}",
                "{'requests':[{'model':'models/assistant','content':{'parts':[{'text':'a'}]}}]}");
    }

    static List<byte[]> geminiCounts() {
        return texts(
                "{'contents':[{'parts':[{'text':'a'}]}]}",
                "{'generateContentRequest':{'model':'models/assistant','contents':[{'parts':[{'text':'a'}]}]}}");
    }

    static List<byte[]> events() {
        var seeds = new ArrayList<byte[]>();
        for (var dialect : Dialect.values()) {
            seeds.add(Samples.stream(dialect));
        }
        seeds.addAll(
                texts(
                        "\ufeffdata: a\rdata\rdata:b\r\r",
                        ": comment\n\nevent: x\ndata:  y\r\n\r\nid: 1\nretry: 3\n\ndata: z"));
        return seeds;
    }

    static List<byte[]> arrays() {
        var seeds = new ArrayList<>(answers(Dialect.GEMINI));
        seeds.addAll(
                texts(
                        "[{'a':'}]'},\n{'b':[{}]}\r\n]\n",
                        "[]",
                        "{'error':{'code':400}}",
                        "[{'a':'\\\\'},]"));
        return seeds;
    }

    static List<byte[]> errors() {
        var seeds = new ArrayList<byte[]>();
        for (var dialect : Dialect.values()) {
            seeds.add(
                    Samples.error(dialect)
                            .path("body")
                            .toString()
                            .getBytes(StandardCharsets.UTF_8));
        }
        seeds.addAll(
                texts(
                        "[{'error':{'code':429,'status':'RESOURCE_EXHAUSTED','details':[{'retryDelay':'31.5s'},{'reason':'PerDay'}]}}]",
                        "{'error':{'message':'Rate limit reached, try again in 6m0.5s for org-abcdef','code':'rate_limit_exceeded'}}",
                        "{'detail':'x','error':'text'}",
                        "{'error':{'code':400,'message':'m','metadata':{'raw':'r','retry_after_seconds':2.5}}}"));
        return seeds;
    }

    static List<byte[]> usages() {
        return texts(
                "{'prompt_tokens':10,'completion_tokens':5,'total_tokens':15,'prompt_tokens_details':{'cached_tokens':4},'completion_tokens_details':{'reasoning_tokens':2}}",
                "{'input_tokens':10,'cache_creation':{'ephemeral_1h_input_tokens':3},'cache_creation_input_tokens':3,'output_tokens':7}",
                "{'promptTokenCount':9,'thoughtsTokenCount':2,'candidatesTokensDetails':[{'modality':'AUDIO','tokenCount':1}]}",
                "{'billed_units':{'input_tokens':8.0},'tokens':{'input_tokens':1394}}",
                "{'inputTokens':1,'outputTokens':2,'cacheReadInputTokens':9223372036854775807}");
    }

    static List<byte[]> paths() {
        return texts(
                "POST\n/v1/chat/completions\n",
                "POST\n/v1beta/models/gemini%2F3:streamGenerateContent\nkey=x&alt=sse",
                "GET\n/openai/v1/v1/models/a%20b",
                "POST\n/anthropic/v1/messages/count_tokens\nbeta=true");
    }

    /** Single quotes stand for double ones. */
    private static List<byte[]> texts(String... texts) {
        return Arrays.stream(texts)
                .map(text -> text.replace('\'', '"').getBytes(StandardCharsets.UTF_8))
                .toList();
    }
}
