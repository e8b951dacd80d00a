"""The readers, in the order in which they are asked: the most particular first, flat text last.

A new format is one module here, its import, and its line in the tuple.

>>> [reader.name for reader in READERS]
['parquet', 'reddit', 'jsonl', 'json', 'csv', 'flat_text']
"""

from __future__ import annotations

from pipeline.ingest.reader import Reader
from pipeline.ingest.readers.askbot import READER as ASKBOT
from pipeline.ingest.readers.bluesky import READER as BLUESKY
from pipeline.ingest.readers.discord import READER as DISCORD
from pipeline.ingest.readers.discourse import READER as DISCOURSE
from pipeline.ingest.readers.disqus import READER as DISQUS
from pipeline.ingest.readers.flat_text import READER as FLAT_TEXT
from pipeline.ingest.readers.hn_json import READER as HACKERNEWS
from pipeline.ingest.readers.hn_page import READER as HACKERNEWS_PAGE
from pipeline.ingest.readers.imageboard import READER as IMAGEBOARD
from pipeline.ingest.readers.irc import READER as IRC
from pipeline.ingest.readers.json_trees import READER as JSON_TREES
from pipeline.ingest.readers.lemmy import READER as LEMMY
from pipeline.ingest.readers.lemmy_page import READER as LEMMY_PAGE
from pipeline.ingest.readers.mastodon import READER as MASTODON
from pipeline.ingest.readers.mattermost import READER as MATTERMOST
from pipeline.ingest.readers.mbox import READER as MBOX
from pipeline.ingest.readers.messenger import READER as MESSENGER
from pipeline.ingest.readers.new_reddit import READER as NEW_REDDIT
from pipeline.ingest.readers.nntp import READER as NNTP
from pipeline.ingest.readers.old_reddit import READER as OLD_REDDIT
from pipeline.ingest.readers.pasted_text import READER as PASTED_TEXT
from pipeline.ingest.readers.phpbb import READER as PHPBB
from pipeline.ingest.readers.reddit import READER as REDDIT
from pipeline.ingest.readers.reddit_api import READER as REDDIT_API
from pipeline.ingest.readers.reddit_redesign import READER as REDDIT_REDESIGN
from pipeline.ingest.readers.reddit_scrapers import READER as REDDIT_SCRAPERS
from pipeline.ingest.readers.rocketchat import READER as ROCKETCHAT
from pipeline.ingest.readers.slack import READER as SLACK
from pipeline.ingest.readers.stackexchange_api import READER as STACKEXCHANGE_API
from pipeline.ingest.readers.stackexchange_xml import READER as STACKEXCHANGE_XML
from pipeline.ingest.readers.table_csv import READER as CSV
from pipeline.ingest.readers.table_json import READER as JSON
from pipeline.ingest.readers.table_jsonl import READER as JSONL
from pipeline.ingest.readers.table_parquet import READER as PARQUET
from pipeline.ingest.readers.telegram_json import READER as TELEGRAM_JSON
from pipeline.ingest.readers.telegram_page import READER as TELEGRAM_PAGE
from pipeline.ingest.readers.vbulletin import READER as VBULLETIN
from pipeline.ingest.readers.whatsapp import READER as WHATSAPP
from pipeline.ingest.readers.wikitalk import READER as WIKITALK
from pipeline.ingest.readers.wordpress import READER as WORDPRESS
from pipeline.ingest.readers.xenforo import READER as XENFORO
from pipeline.ingest.readers.youtube import READER as YOUTUBE

READERS: tuple[Reader, ...] = (
    PARQUET,
    REDDIT_API,
    REDDIT_SCRAPERS,
    HACKERNEWS,
    HACKERNEWS_PAGE,
    OLD_REDDIT,
    NEW_REDDIT,
    REDDIT_REDESIGN,
    REDDIT,
    DISQUS,
    WORDPRESS,
    YOUTUBE,
    WIKITALK,
    MBOX,
    NNTP,
    LEMMY,
    LEMMY_PAGE,
    XENFORO,
    PHPBB,
    VBULLETIN,
    ASKBOT,
    DISCOURSE,
    MASTODON,
    BLUESKY,
    STACKEXCHANGE_API,
    STACKEXCHANGE_XML,
    SLACK,
    MATTERMOST,
    ROCKETCHAT,
    DISCORD,
    TELEGRAM_JSON,
    TELEGRAM_PAGE,
    MESSENGER,
    WHATSAPP,
    IRC,
    IMAGEBOARD,
    JSON_TREES,
    JSONL,
    JSON,
    CSV,
    PASTED_TEXT,
    FLAT_TEXT,
)
