from press.markup import Digest
def render_html(digest: Digest) -> bytes: raise NotImplementedError
def render_markdown(digest: Digest) -> bytes: raise NotImplementedError
