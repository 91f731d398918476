# A verdict as a message for those who approve: jq --arg to issue|slack|teams --arg run URL --from-file notify.jq verdict.json
# What stands in a verdict may come from others: data, a policy, a pull request. Here it is plain text of bounded length,
# which links to nothing, mentions nobody and is no markup, wherever it is shown.

def plain: tostring | gsub("[[:cntrl:]]+"; " ") | gsub("://"; ":\u200b//") | gsub("(?<w>www)\\."; "\(.w)\u200b."; "i") | .[:200];
def number: if . == null then "-" else . * 10000 | round / 10000 | tostring end;

def subject: .subject[0];
def title: "\(.predicate.result | ascii_upcase | plain): a model of \($ENV.GITHUB_REPOSITORY | plain)";
def rule:
  "\(.result | plain)  \(.rule | plain)\(if .slice then " [\(.slice | plain)]" else "" end)"
  + "  (\(.value | number); from \(.lower | number) to \(.upper | number))";
def rules:
  # What speaks against the model comes first.
  .predicate.rules | sort_by(.result == "pass") | [.[:20][] | rule]
  + if length > 20 then ["and \(length - 20) more in the run's summary"] else [] end;
def facts: [
  (.predicate.decision | plain),
  "Model \(subject.name | plain), SHA-256 \(subject.digest.sha256 | plain)",
  "Champion \(.predicate.champion // "none" | plain)"
];

if $to == "issue" then
  # A `pre` shows its text as it is: GitHub looks for no mention, issue or link in it.
  {title: title, body: "<pre>\(facts + rules | join("\n") | @html)</pre>\n\n[Approve or reject](\($run))"}
elif $to == "slack" then
  {
    text: (title | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;")),
    blocks: [
      {type: "header", text: {type: "plain_text", text: title[:150], emoji: false}},
      {type: "section", text: {type: "plain_text", text: (facts + rules | join("\n"))[:3000], emoji: false}},
      {type: "actions", elements: [{type: "button", text: {type: "plain_text", text: "Approve or reject"}, url: $run}]}
    ]
  }
elif $to == "teams" then
  {
    type: "message",
    attachments: [{
      contentType: "application/vnd.microsoft.card.adaptive",
      content: {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        # TextBlock would read Markdown; a TextRun reads none.
        body: [[title], facts, rules | {type: "RichTextBlock", inlines: [{type: "TextRun", text: join("\n")}]}],
        actions: [{type: "Action.OpenUrl", title: "Approve or reject", url: $run}]
      }
    }]
  }
else error("to is \($to): issue, slack or teams") end
